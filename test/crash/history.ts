// SPDX-License-Identifier: Apache-2.0
import type { StateDatabase } from '../../lib/store/database';

interface Event {
  time: string;
  what: string;
  owner: string;
}

/** Has the store's database note what becomes of every container's row, whoever changes it. */
export class History {
  constructor(private readonly db: StateDatabase) {
    db.raw.exec(`
      CREATE TABLE history (id TEXT, time TEXT, what TEXT, owner TEXT);
      CREATE INDEX history_id ON history(id);
      ${trigger('INSERT', 'NEW', "NEW.state || ' of ' || NEW.name")}
      ${trigger('UPDATE', 'NEW', "OLD.state || ' to ' || NEW.state || ' ' || NEW.error")}
      ${trigger('DELETE', 'OLD', "'deleted'")}`);
  }

  /** Was there ever a container with this id, or one that begins so? */
  knows(digits: string): boolean {
    return this.db.get('SELECT 1 FROM history WHERE id >= ? AND id < ? LIMIT 1', digits, `${digits}g`) !== undefined;
  }

  /** What happened to it, for people. */
  of(digits: string): string {
    const events = this.db.all<Event>('SELECT * FROM history WHERE id >= ? AND id < ?', digits, `${digits}g`);
    return events.map(({ time, what, owner }) => `\n    ${time} ${what} (${owner})`).join('');
  }
}

function trigger(event: string, row: string, what: string): string {
  return `CREATE TRIGGER history_${event} AFTER ${event} ON containers BEGIN
    INSERT INTO history VALUES (${row}.id, strftime('%H:%M:%f'), ${what}, ${row}.owner);
  END;`;
}
