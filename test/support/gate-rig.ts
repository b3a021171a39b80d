import { ExpressGate, type Line } from '../../agent/dispatch/express-gate.ts';
import type { InboundMessage } from '../../agent/mqtt/link.ts';
import { createFakeClock } from './fake-clock.ts';

export const gateTopic = 'qn/1/pi-1/notify/gpio.stop';

/** A gate with the main connection up; what it is in doubt of and refuses is written down. */
export function openGate() {
  const clock = createFakeClock();
  const gate = new ExpressGate(clock);
  gate.up('main');
  const refused: string[] = [];
  const hear = (line: Line, text: string, more: Partial<InboundMessage> = {}) => {
    const plain = {
      topic: gateTopic,
      payload: Buffer.from(text),
      qos: 1,
      retain: false,
      duplicate: false,
      properties: {},
    } as const;
    const message: InboundMessage = { ...plain, ...more };
    const judgement = gate.hear(line, message);
    if (judgement === 'doubt') gate.doubt(message, () => void refused.push(text));
    return judgement;
  };
  return { clock, gate, hear, refused };
}
