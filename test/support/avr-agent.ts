import { openWorkshop } from './c-compiler.ts';
import { fieldOf, type Heard } from './heard.ts';
import { type Rig, type RigOptions, startRig } from './rig.ts';
import { buildFirmware, buildUnoRunner, startUno, type Uno } from './uno.ts';

export const avrDocument = 'firmware.mcu0';

/** The whole agent in its own process, a real broker, and the reference firmware on a simulated Uno at a pty. */
export interface AvrAgent extends AsyncDisposable {
  readonly rig: Rig;
  readonly uno: Uno;
  /** The simulator, for another Uno. */
  readonly runner: string;
  /** The next time that the link is told to be up, or down. */
  hearLink(link: 'up' | 'down', deadlineMs?: number): Promise<Heard>;
}

export async function startAvrAgent(keys: string, options: Partial<RigOptions> = {}): Promise<AvrAgent> {
  const stack = new AsyncDisposableStack();
  try {
    const workshop = stack.use(openWorkshop());
    const runner = buildUnoRunner(workshop);
    const uno = stack.use(await startUno(runner, buildFirmware(workshop.folder)));
    const documents = [`${avrDocument}: { driver: mcu, port: ${uno.path}${keys} }`];
    const rig = stack.use(await startRig({ ...options, documents }));
    const hearLink = (link: string, deadlineMs?: number) => {
      const test = ({ message }: Heard) => fieldOf(message.val, 'link') === link;
      return rig.hear({ verb: 'state', document: avrDocument, test }, deadlineMs);
    };
    await hearLink('up', 15_000);
    return { rig, uno, runner, hearLink, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
