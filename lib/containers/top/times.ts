// SPDX-License-Identifier: Apache-2.0

const DAY_MS = 24 * 3600 * 1000;

/** When something was, as ps(1) says it shortly: the hour, or the day when that was not today. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return Date.now() - ms > DAY_MS ? day(date, '') : `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The same with seconds. */
export function startClock(ms: number): string {
  const date = new Date(ms);
  return Date.now() - ms > DAY_MS ? day(date, ' ') : `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** As ctime(3). */
export function longClock(ms: number): string {
  const date = new Date(ms);
  const weekday = date.toLocaleDateString('en', { weekday: 'short' });
  const month = date.toLocaleDateString('en', { month: 'short' });
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())} ${date.getFullYear()}`;
}

function day(date: Date, gap: string): string {
  return `${date.toLocaleDateString('en', { month: 'short' })}${gap}${pad(date.getDate())}`;
}

/** [DD-]HH:MM:SS */
export function totalTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const rest = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60].map(pad).join(':');
  return days === 0 ? rest : `${pad(days)}-${rest}`;
}

/** [[DD-]HH:]MM:SS */
export function elapsed(seconds: number): string {
  return totalTime(seconds).replace(/^00:/, '');
}

/** Minutes and seconds, as BSD has it. */
export function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${pad(Math.floor(seconds) % 60)}`;
}

/** Major 136 and up are pseudo-terminals (Documentation/admin-guide/devices.txt). */
export function terminal(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  return major >= 136 && major <= 143 ? `pts/${(major - 136) * 256 + minor}` : '?';
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
