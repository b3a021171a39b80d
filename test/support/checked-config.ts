import { type CheckedConfig, checkConfig } from '../../agent/config/check.ts';
import { formatFault } from '../../agent/config/fault.ts';

/** The config of a test, which has no fault. */
export function checkedOf(text: string): CheckedConfig {
  const checked = checkConfig(text, 'config.yaml');
  if (checked.ok) return checked.value;
  throw new Error(`${text}\n${checked.error.map(formatFault).join('\n')}`);
}
