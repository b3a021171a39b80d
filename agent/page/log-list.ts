import { byId, create } from './dom.ts';
import type { LogLine, LogPage } from './model.ts';

const linesMax = 200;
/** What stands in every line, or is told by another column. */
const common = ['level', 'time', 'message', 'event', 'service', 'env', 'node', 'pid', 'hostname', 'lsn'];
const tones: { readonly [level: string]: string } = { error: 'bad', warn: 'doubtful' };

/** The last lines of the log, the newest first. */
export class LogList {
  readonly #body = byId('log');
  #last = 0;

  /** Asked for: those behind this number. */
  get last(): number {
    return this.#last;
  }

  add({ level, last, lines }: LogPage): void {
    if (last < this.#last) this.#body.replaceChildren(); // Another life of the agent.
    this.#last = last;
    byId('log-level').textContent = `level ${level}`;
    this.#body.prepend(...lines.slice(-linesMax).map(rowOf).reverse());
    while (this.#body.childElementCount > linesMax) this.#body.lastElementChild?.remove();
  }
}

function rowOf(line: LogLine): HTMLElement {
  const at = new Date(line.time);
  const time = create('time', { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }));
  const more = Object.entries(line)
    .filter(([name]) => !common.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return create(
    'tr',
    {},
    create('td', {}, time),
    create('td', {}, create('span', { class: 'mark', 'data-tone': tones[line.level] ?? 'plain' }, line.level)),
    create('td', { class: 'wrap' }, [line.message, ...more].join(' ')),
  );
}
