// SPDX-License-Identifier: Apache-2.0

/** fstab(5) escapes of a field, which liblxc reads with getmntent(3): it knows these four and no others. */
export function escapeField(text: string): string {
  return escape(text, /[\\ \t\n]/g);
}

/** The same of an option's value that only the supervisor reads, where a comma would end the option. */
export function escapeOption(text: string): string {
  return escape(text, /[\\ \t\n,]/g);
}

function escape(text: string, characters: RegExp): string {
  return text.replace(characters, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
