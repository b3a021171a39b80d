import { byId, create } from './dom.ts';
import { type EventPage, formatValue } from './model.ts';

const rowsMax = 100;

/** What happened last, the newest first. */
export class EventTable {
  readonly #body = byId('events');
  #lastLsn = 0;

  /** Asked for: those behind this number. */
  get lastLsn(): number {
    return this.#lastLsn;
  }

  add({ last_lsn: last, events }: EventPage): void {
    if (last < this.#lastLsn) this.#body.replaceChildren(); // Another life of the agent, without what it knew.
    this.#lastLsn = last;
    const rows = events.slice(-rowsMax).map(({ lsn, ts, kind, document, value }) => {
      const time = create(
        'time',
        { datetime: new Date(ts).toISOString() },
        new Date(ts).toLocaleTimeString([], { hour12: false }),
      );
      return create(
        'tr',
        {},
        create('td', {}, time),
        create('td', {}, kind),
        create('td', { class: 'doc' }, document),
        create('td', { class: 'wrap' }, formatValue(value)),
        create('td', { class: 'number faint' }, String(lsn)),
      );
    });
    this.#body.prepend(...rows.reverse());
    while (this.#body.childElementCount > rowsMax) this.#body.lastElementChild?.remove();
  }
}
