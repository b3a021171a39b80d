import type { Config, DocumentConfig } from '../config/config.ts';
import { formatTopic, type Verb } from '../qn/topic.ts';
import { bindingEntry, tokenEntry } from '../trust/control.ts';

/** One document of a board, as the world sees it. */
export interface BoardDocument {
  readonly name: string;
  /** Absent: kept by the agent itself. */
  readonly config?: DocumentConfig;
  readonly takesCommands: boolean;
  /** The board refuses some commands by who sends them, or what they are signed with. */
  readonly isChecked: boolean;
  /** Users who may command it. Undefined: everybody may try, because everybody may, or because a token decides. */
  readonly users: readonly string[] | undefined;
}

/** The documents of a board, its own included; of the channels of a microcontroller those that the config knows. */
export function documentsOf(config: Config): readonly BoardDocument[] {
  const configured = Object.entries(config.documents).flatMap(([name, document]) => [
    { ...commanded(name, document.control), config: document, takesCommands: takesCommands(document) },
    ...Object.entries(document.driver === 'mcu' ? document.channels : {}).map(([channel, { control }]) =>
      commanded(`${name}.${channel}`, control),
    ),
  ]);
  const { control = {} } = config.trust;
  const own = (['selftest', 'log'] as const).map((name) => commanded(name, control[name]));
  const channels = { ...commanded('channels', undefined), takesCommands: false };
  const pushed = { ...commanded('config', [tokenEntry]), ...(config.overAir.trust === 'none' && { users: [] }) };
  return [...configured, ...own, channels, pushed];
}

function commanded(name: string, control: readonly string[] | undefined): BoardDocument {
  return { name, takesCommands: true, isChecked: control !== undefined, users: usersOf(control) };
}

/** `qn/1/pi-42/state/gpio.relay1` */
export function topicOf({ mqtt, node }: Config, verb: Verb, document: string, target: string = node): string {
  return formatTopic(mqtt.root, target, verb, document);
}

/** The groups this node listens to, with their `@` (QN-1.2). */
export function groupsOf({ groups }: Config): readonly string[] {
  return ['@all', ...groups.map((group) => `@${group}`)];
}

function usersOf(control: readonly string[] | undefined): readonly string[] | undefined {
  if (control === undefined) return undefined;
  const sources = control.filter((entry) => entry !== bindingEntry && entry !== tokenEntry);
  return sources.length === 0 && control.includes(tokenEntry) ? undefined : sources;
}

function takesCommands(document: DocumentConfig): boolean {
  switch (document.driver) {
    case 'gpio-in':
    case 'modbus-rtu':
      return false;
    case 'modbus-register':
      return document.isWritable;
    default:
      return true;
  }
}
