import type { DocumentConfig } from '../config/config.ts';
import { type BoundKind, bindKind } from './kinds.ts';

/** One document of this board. Frozen for as long as the config runs. */
export interface Row {
  readonly name: string;
  readonly config: DocumentConfig;
  readonly kind: BoundKind;
  readonly isEmergency: boolean;
}

export function createRow(name: string, config: DocumentConfig): Row {
  return Object.freeze({ name, config, kind: bindKind(config), isEmergency: config.priority === 'emergency' });
}
