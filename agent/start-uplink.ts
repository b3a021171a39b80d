import type { DispatchLoop } from './dispatch/run.ts';
import type { DocumentTable } from './dispatch/table.ts';
import type { Board } from './documents/board.ts';
import type { Environment } from './environment.ts';
import type { Express } from './express.ts';
import type { HealthReporter } from './health/reporter.ts';
import { tellRetainedLost } from './health/retained-lost.ts';
import type { HomeAssistant } from './home-assistant/home-assistant.ts';
import type { Uplink } from './uplink.ts';
import type { Voice } from './voice.ts';

export interface UplinkParts extends Pick<Environment, 'log'> {
  readonly voice: Voice;
  readonly table: DocumentTable;
  readonly board: Board;
  readonly reporter: HealthReporter;
  readonly homeAssistant: HomeAssistant;
  readonly loop: DispatchLoop;
  readonly express: Express;
  /** It came up; also each time after the first. */
  connected(): void;
}

/** The board is there: from now on it is told of the broker, and hears what came meanwhile. */
export function startUplink(uplink: Uplink, parts: UplinkParts): void {
  const { log, voice, table, board, reporter, homeAssistant, loop, express, connected } = parts;
  const { boot, outbox, durable, states, watches, chronicle, publisher } = voice;
  uplink.start({
    onUp(link, up) {
      connected();
      board.setOnline(true);
      chronicle.note('link', 'agent', { up: up.broker });
      outbox.up(link, up);
      reporter.tell(); // QN-5.3: health first, then the snapshots.
      states.reannounce();
      watches.reannounce();
      durable.up();
      homeAssistant.announce();
      express.mainUp(uplink.openLink);
    },
    onDown() {
      outbox.down();
      durable.down();
      chronicle.note('link', 'agent', { down: uplink.broker });
      board.setOnline(false);
      express.mainDown();
    },
    onMessage(message, isOwn) {
      if (homeAssistant.hear(message)) return message.kept?.();
      if (!isOwn || table.routes(message.topic).length > 0) loop.receive(message);
      else message.kept?.();
    },
    onLateWill: () => reporter.tell(),
    onRetainedLost: (lostBy) => tellRetainedLost({ log, boot, reporter, publisher }, lostBy),
  });
}
