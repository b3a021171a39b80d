import { checkVerb } from './check.ts';
import { runProcess } from './process.ts';
import { runVerb } from './run.ts';
import { selftestVerb } from './selftest.ts';

export async function runAgentProgram(): Promise<void> {
  await runProcess({
    name: 'qn-agent',
    summary: 'Device agent: QN topics over MQTT, mapped to GPIO and serial lines.',
    verbs: [runVerb, selftestVerb, checkVerb],
  });
}
