/** The element of index.html with this id; that it is there is a matter of the build, not of the running page. */
export function byId<Type extends Element = HTMLElement>(id: string): Type {
  const found = document.querySelector<Type>(`#${id}`);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found;
}

type Content = Node | string;

interface Attributes {
  readonly class?: string;
  readonly [name: string]: string | undefined;
}

/** `create('li', { class: 'row' }, 'text')`. Text is always text: nothing a board says can become markup. */
export function create<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(attribute, value);
  }
  element.append(...content);
  return element;
}

/** Only what differs is touched, so that a screen reader does not read everything again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function toggleHidden(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** `good` and so on: colour beside the words, never instead of them. */
export type Tone = 'good' | 'doubtful' | 'bad' | 'plain';

export function setTone(element: HTMLElement, tone: Tone): void {
  if (element.dataset['tone'] !== tone) element.dataset['tone'] = tone;
}
