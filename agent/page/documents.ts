import { post } from './api.ts';
import { byId, create, setText, setTone, type Tone } from './dom.ts';
import { type BoardConfig, type DocumentConfig, formatValue, mergePatch, type Said } from './model.ts';
import { Questions } from './questions.ts';

interface Row {
  readonly item: HTMLLIElement;
  readonly lamp: HTMLElement;
  readonly value: HTMLElement;
  readonly note: HTMLElement;
  readonly toggle: HTMLButtonElement | undefined;
  readonly config: DocumentConfig | undefined;
  current: unknown;
  isKnown: boolean;
}

/** What the board has, live. */
export class Documents {
  readonly #rows = new Map<string, Row>();
  readonly #list = byId('documents');
  readonly #questions = new Questions();
  #isWritable = false;

  show(config: BoardConfig): void {
    this.#isWritable = config.http?.isWritable === true;
    this.#list.replaceChildren();
    this.#rows.clear();
    for (const [name, document] of Object.entries(config.documents)) this.#add(name, document);
    if (this.#rows.size === 0) this.#list.append(create('li', { class: 'faint' }, 'This board has no documents.'));
    const hasOutput = Object.values(config.documents).some(({ driver }) => driver === 'gpio-out');
    if (hasOutput && !this.#isWritable) {
      const hint = create(
        'li',
        { class: 'hint' },
        'Read only. With ',
        create('code', {}, 'http: { write: true }'),
        ' outputs can be switched here.',
      );
      this.#list.append(hint);
    }
  }

  /** What came over the stream. */
  hear(event: string, said: Said): void {
    const row = this.#rows.get(said.doc ?? '');
    if (row === undefined) return;
    if (event === 'snapshot') this.#set(row, said.val);
    if (event === 'delta') this.#set(row, mergePatch(row.current, said.val));
    if (event === 'event') this.#note(row, `event ${formatValue(said.val)}`, 'plain');
  }

  /** Whether the driver of a document works, as health has it. */
  tell(name: string, isWell: boolean, detail: string): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    row.item.dataset['well'] = String(isWell);
    if (!isWell) this.#note(row, detail, 'bad');
    else if (row.note.dataset['tone'] === 'bad') this.#note(row, '', 'plain');
  }

  #add(name: string, config: DocumentConfig): void {
    const lamp = create('span', { class: 'lamp', 'aria-hidden': 'true' });
    const value = create('output', { class: 'value' }, '–');
    const note = create('p', { class: 'note', role: 'status' });
    const toggle = config.driver === 'gpio-out' ? this.#createToggle(name) : undefined;
    const label = create(
      'div',
      { class: 'label' },
      create('span', { class: 'doc' }, name),
      create('span', { class: 'faint driver' }, config.driver),
    );
    const item = create(
      'li',
      { class: 'row document' },
      lamp,
      label,
      value,
      ...(toggle === undefined ? [] : [toggle]),
      note,
    );
    value.setAttribute('aria-label', `value of ${name}`);
    item.dataset['document'] = name;
    this.#rows.set(name, { item, lamp, value, note, toggle, config, current: undefined, isKnown: false });
    this.#list.append(item);
  }

  #createToggle(name: string): HTMLButtonElement {
    const button = create('button', {
      type: 'button',
      class: 'switch',
      role: 'switch',
      'aria-checked': 'false',
      'aria-label': name,
    });
    button.append(create('span', { class: 'knob', 'aria-hidden': 'true' }));
    button.disabled = true;
    if (!this.#isWritable) button.title = 'http.write is off in the config of this board';
    button.addEventListener('click', () => void this.#switch(name));
    return button;
  }

  async #switch(name: string): Promise<void> {
    const row = this.#rows.get(name);
    if (row?.toggle === undefined) return;
    const wanted = row.current !== true;
    const word = wanted ? 'on' : 'off';
    const isSure = await this.#questions.ask(
      `Switch ${name} ${word}?`,
      `It is ${formatValue(row.current)} now. The board does it at once.`,
      `Switch ${word}`,
    );
    if (!isSure) return;
    row.toggle.disabled = true;
    this.#note(row, `switching ${word} …`, 'plain');
    const answer = await post('/api/qn', { action: 'notify', topic: name, value: wanted });
    row.toggle.disabled = false;
    if (answer.is !== 'answered')
      return this.#note(row, 'nobody knows what became of it: the agent does not answer', 'bad');
    const said: Said = JSON.parse(answer.text);
    const reason = [said.why, said.detail].filter((text) => text !== undefined).join(': ');
    if (said.st === 'successful') return this.#note(row, `switched ${word}`, 'good');
    this.#note(row, `${said.st ?? said.status ?? 'refused'}${reason === '' ? '' : `, ${reason}`}`, 'bad');
  }

  #set(row: Row, value: unknown): void {
    row.current = value;
    row.isKnown = true;
    const unit = row.config?.unitOfMeasure;
    setText(row.value, `${formatValue(value)}${unit === undefined ? '' : ` ${unit}`}`);
    row.lamp.dataset['is'] = value === true ? 'on' : value === false ? 'off' : 'value';
    if (row.toggle === undefined) return;
    row.toggle.setAttribute('aria-checked', String(value === true));
    row.toggle.disabled = !this.#isWritable;
  }

  #note({ note }: Row, text: string, tone: Tone): void {
    setTone(note, tone);
    setText(note, text);
  }
}
