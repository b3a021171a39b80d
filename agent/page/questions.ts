import { byId, setText } from './dom.ts';

/** Asks one question after the other. */
export class Questions {
  #before: Promise<unknown> = Promise.resolve();

  /**
   * True only when the person said yes; Escape and Cancel say no. The browser tells of a closing later: asked before
   * that, the answer to this question would be the one to the question before.
   */
  ask(title: string, text: string, yes: string): Promise<boolean> {
    const answer = this.#before.then(() => answered(title, text, yes));
    this.#before = answer;
    return answer;
  }
}

function answered(title: string, text: string, yes: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>('confirm');
  setText(byId('confirm-title'), title);
  setText(byId('confirm-text'), text);
  setText(byId('confirm-yes'), yes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
