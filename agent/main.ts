import { checkVerb } from './cli/check.ts';
import { runProcess } from './cli/process.ts';
import { runVerb } from './cli/run.ts';
import { selftestVerb } from './cli/selftest.ts';

/** `qn-agent`, the program on the board. */
void runProcess({
  name: 'qn-agent',
  summary: 'Device agent: QN topics over MQTT, mapped to GPIO and serial lines.',
  verbs: [runVerb, selftestVerb, checkVerb],
});
