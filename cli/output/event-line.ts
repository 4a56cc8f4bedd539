// SPDX-License-Identifier: Apache-2.0
import { type EngineEvent, eventJson } from '../../lib/events/event';
import { compileTemplate } from './template';
import { printable } from './table';

/** How `events` writes one: Docker's own line, JSON, or as a template says. @throws TemplateError */
export function eventRenderer(format: string | undefined): (event: EngineEvent) => string {
  if (format === undefined || format === '') return eventLine;
  if (format === 'json' || /^\{\{\s*json \.\s*\}\}$/.test(format)) return (event) => eventJson(event).replace('{', `{${oldMembers(event)}`);
  const render = compileTemplate(format);
  return (event) => render(fields(event));
}

function eventLine({ timeNano, Type, Action, Actor }: EngineEvent): string {
  const attributes = sorted(Actor.Attributes).map(([key, value]) => `${key}=${value}`);
  const more = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`;
  return `${localTime(timeNano)} ${printable(`${Type} ${Action} ${Actor.ID}${more}`)}`;
}

/** As Go's time.RFC3339Nano has it, with all nine digits. */
function localTime(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  const minutes = -new Date(ms).getTimezoneOffset();
  const clock = new Date(ms + minutes * 60_000).toISOString().slice(0, 19);
  const digits = (value: number) => String(value).padStart(2, '0');
  const zone = minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${digits(Math.floor(Math.abs(minutes) / 60))}:${digits(Math.abs(minutes) % 60)}`;
  return `${clock}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}${zone}`;
}

/** What a template may name. */
function fields(event: EngineEvent) {
  const { Type, Action, Actor, scope, time, timeNano } = event;
  return { ...old(event), Type, Action, Actor: { ID: Actor.ID, Attributes: Object.fromEntries(sorted(Actor.Attributes)) }, Scope: scope, Time: time, TimeNano: timeNano.toString() };
}

/** From before events had a type; containers' and images' still have them. */
function old({ Type, Action, Actor }: EngineEvent): { Status: string; ID: string; From: string } {
  if (Type !== 'container' && Type !== 'image') return { Status: '', ID: '', From: '' };
  return { Status: Action, ID: Actor.ID, From: Type === 'container' ? (Actor.Attributes['image'] ?? '') : '' };
}

function oldMembers(event: EngineEvent): string {
  const { Status, ID, From } = old(event);
  if (ID === '') return '';
  return `${JSON.stringify({ status: Status, id: ID, ...(From === '' ? {} : { from: From }) }).slice(1, -1)},`;
}

function sorted(attributes: Record<string, string>): [string, string][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
}
