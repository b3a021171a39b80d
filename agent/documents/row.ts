import type { DocumentConfig } from '../config/config.ts';
import type { ChildConfig } from '../config/mcu-config.ts';
import type { Child } from './kind.ts';
import { type BoundKind, bindKind } from './kinds.ts';

/** One document of this board. Frozen for as long as the config runs, or as long as the device behind it tells of it. */
export interface Row {
  readonly name: string;
  readonly config: DocumentConfig | ChildConfig;
  readonly kind: Pick<BoundKind, 'plan'>;
  readonly isEmergency: boolean;
  /** The device tells when it has taken a command; until then it is not accepted (QN-8.7c). */
  readonly isTakenByDevice: boolean;
}

/** A row of the config, which can be opened. */
export interface ConfiguredRow extends Row {
  readonly config: DocumentConfig;
  readonly kind: BoundKind;
}

export function createRow(name: string, config: DocumentConfig): ConfiguredRow {
  const isEmergency = config.priority === 'emergency';
  return Object.freeze({ name, config, kind: bindKind(config), isEmergency, isTakenByDevice: false });
}

/** `isNumberTaken`: numbers of the compact form that others have; the first one keeps it. */
export function childRow(child: Child, isNumberTaken: (number: number) => boolean): Row {
  const { number, ...rest } = child.config;
  const config: ChildConfig = number === undefined || isNumberTaken(number) ? rest : { ...rest, number };
  const kind = { plan: (value: Parameters<Child['plan']>[0]) => child.plan(value) };
  const isEmergency = config.priority === 'emergency';
  return Object.freeze({ name: child.name, config, kind, isEmergency, isTakenByDevice: true });
}
