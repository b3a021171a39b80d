import { bindingCases } from './binding-cases.ts';
import { documentCases } from './document-cases.ts';
import type { FaultCases } from './fault-case.ts';
import { fileCases } from './file-cases.ts';
import { lineCases } from './line-cases.ts';
import { mcuCases } from './mcu-cases.ts';
import { modbusCases } from './modbus-cases.ts';
import { mqttCases } from './mqtt-cases.ts';
import { outputCases } from './output-cases.ts';
import { sectionCases } from './section-cases.ts';
import { serialCases } from './serial-cases.ts';
import { trustCases } from './trust-cases.ts';

export const faultCases: FaultCases = {
  ...fileCases,
  ...sectionCases,
  ...mqttCases,
  ...documentCases,
  ...lineCases,
  ...outputCases,
  ...serialCases,
  ...modbusCases,
  ...mcuCases,
  ...bindingCases,
  ...trustCases,
};
