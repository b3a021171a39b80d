import { systemClock } from '../../agent/clock.ts';
import { checkConfig } from '../../agent/config/check.ts';
import type { Agent } from '../../agent/environment.ts';
import { silentLog } from '../../agent/log.ts';
import type { LinkHandlers } from '../../agent/mqtt/link.ts';
import { type MqttLinkOptions, openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import { startAgent } from '../../agent/start.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../drivers/pwm-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { type LinkRecorder, recordLink } from './link-recorder.ts';

export interface LinkAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly board: MemoryBoard;
  /** What the link told. */
  readonly told: LinkRecorder;
}

/** The whole agent in this process: a simulated board in memory, and real links to real brokers. */
export async function startLinkAgent(
  documents: string,
  link: Pick<MqttLinkOptions, 'brokers' | 'rules'>,
): Promise<LinkAgent> {
  const url = 'mqtt://127.0.0.1:1'; // of no consequence: `link` says which brokers
  const text = `node: pi-1\nmqtt: { brokers: [{ url: "${url}" }] }\ndocuments:\n${documents}\n`;
  const checked = checkConfig(text, 'config.yaml');
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const board = createMemoryBoard();
  const told = recordLink();
  const environment = { clock: systemClock, log: silentLog, random: () => 0 };
  const agent = await startAgent(checked.value.config, 'none', {
    ...environment,
    openGpio: async () => ok(createSimulatedGpio(board)),
    createPwm: () => createSimulatedPwm(),
    openBytePort: async (resource) =>
      fail({ kind: 'absent', operation: 'open', resource, detail: 'not on this board' }),
    openLink(will, subscriptions, handlers) {
      const options = { ...link, clientId: 'pi-1', will, subscriptions, keepaliveSeconds: 30 };
      return openMqttLink(environment, options, tellBoth(handlers, told));
    },
  });
  return { agent, board, told, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}

function tellBoth(first: LinkHandlers, { handlers: second }: LinkRecorder): LinkHandlers {
  return {
    onUp: (up) => (first.onUp(up), second.onUp(up)),
    onDown: (error) => (first.onDown(error), second.onDown(error)),
    onTrouble: (error) => (first.onTrouble(error), second.onTrouble(error)),
    onMessage: (message) => first.onMessage(message),
  };
}
