// SPDX-License-Identifier: Apache-2.0

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24;

/** A length of time as Docker tells it: "2 minutes", "About an hour"; of a time yet to come, "Less than a second". */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < MINUTE) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(ms / 1000 / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 2 * DAY) return `${hours} hours`;
  if (hours < 14 * DAY) return `${Math.floor(hours / DAY)} days`;
  if (hours < 60 * DAY) return `${Math.floor(hours / DAY / 7)} weeks`;
  if (hours < 2 * 365 * DAY) return `${Math.floor(hours / DAY / 30)} months`;
  return `${Math.floor(ms / 1000 / HOUR / DAY / 365)} years`;
}

export function ago(time: number, now = Date.now()): string {
  return `${humanDuration(now - time)} ago`;
}

/** As Go prints a time: 2024-05-06 07:08:09 +0200 CEST. */
export function goTime(time: number): string {
  const date = new Date(time);
  const offset = -date.getTimezoneOffset();
  const local = new Date(time + offset * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const digits = (value: number) => String(value).padStart(2, '0');
  const zone = `${offset < 0 ? '-' : '+'}${digits(Math.floor(Math.abs(offset) / 60))}${digits(Math.abs(offset) % 60)}`;
  return `${local} ${zone} ${zoneName(date) ?? zone}`;
}

/** Abbreviation of the time zone where it has one. */
function zoneName(date: Date): string | undefined {
  const name = /\((.*)\)$/.exec(date.toString())?.[1];
  if (name === undefined || name === 'Coordinated Universal Time') return 'UTC';
  const letters = name.includes(' ') ? name.split(' ').map((word) => word[0]).join('') : name;
  return /^[A-Z]{2,5}$/.test(letters) ? letters : undefined;
}
