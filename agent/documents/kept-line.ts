import type { SerialSettings } from '../../drivers/contract/byte-port.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { KeptPort } from '../../drivers/serial/kept-port.ts';
import type { ReopenLimits } from '../../drivers/serial/reopening.ts';
import type { DocumentSurroundings } from './kind.ts';

export interface LineConfig {
  readonly port: string;
  readonly settings: SerialSettings;
}

export interface LineListeners {
  /** A connection begins; nothing has come over it yet. */
  begin(): void;
  /** The chunk is valid only during the call. */
  take(chunk: Uint8Array): void;
  /** The connection is over; what was half received will never be whole. */
  end(): void;
}

/**
 * The port of a document, kept open, with its life told: the value `{open: boolean}`, the same as event with the reason,
 * and the trouble for the health report. A port that is absent is no reason not to open the document: it comes up later.
 */
export async function keepLine(
  { port, settings }: LineConfig,
  surroundings: DocumentSurroundings,
  listeners: LineListeners,
  limits?: ReopenLimits,
): Promise<KeptPort> {
  const { log, clock, random, changed, happened, troubled, openBytePort } = surroundings;
  let isInTrouble = false;
  let warned: string | undefined;
  const open = () => openBytePort(port, settings);
  const warn = (resource: string, warning: string | undefined) => {
    if (warning !== undefined && warning !== warned) log.warn({ port: resource }, warning);
    warned = warning;
  };
  return await KeptPort.open(
    port,
    { clock, random, open },
    {
      onOpen({ resource, warning }) {
        warn(resource, warning);
        listeners.begin();
        changed({ open: true });
        if (!isInTrouble) return;
        isInTrouble = false;
        happened({ open: true });
        troubled(undefined);
      },
      onData: listeners.take,
      onTrouble(error) {
        listeners.end();
        isInTrouble = true;
        changed({ open: false });
        happened({ open: false, why: error.detail });
        troubled(error);
      },
    },
    limits,
  );
}

/** For the self-test. */
export function probeLine(line: KeptPort, { settings }: LineConfig): Result<string> {
  return line.trouble === undefined ? ok(`open at ${settings.baud} baud`) : fail(line.trouble);
}

/** A document that needs a buffer of the pool and finds none left stays closed until the config changes. */
export function noBufferError(port: string, byteCount: number): DriverError {
  return {
    kind: 'busy',
    operation: 'open',
    resource: port,
    detail: `no receive buffer of ${byteCount} bytes is left in the pool`,
    fix: 'lower `max` of a serial document, or use a larger pool profile',
  };
}
