import { boardConfigVerb } from './board-config.ts';
import { checkVerb } from './check.ts';
import type { Program } from './command-line.ts';
import { configVerb } from './config/config.ts';
import { decodeVerb } from './decode.ts';
import { doctorVerb } from './doctor.ts';
import { encodeVerb } from './encode.ts';
import { flashMcuVerb } from './flash-mcu.ts';
import { forgetVerb } from './forget.ts';
import { healthVerb } from './health.ts';
import { keysVerb } from './keys.ts';
import { linkVerb } from './link/link.ts';
import { logsVerb } from './logs.ts';
import { mcuVerb } from './mcu/mcu.ts';
import { notifyVerb } from './notify.ts';
import { queryVerb } from './query.ts';
import { reloadVerb } from './reload.ts';
import { runVerb } from './run.ts';
import { selftestVerb } from './selftest.ts';
import { selftestNodeVerb } from './selftest-node.ts';
import { topicsVerb } from './topics.ts';
import { watchVerb } from './watch.ts';

/*
 * The table of verbs: help, completions and exit codes come from it, and test/agent/cli/command-line.test.ts tries each row.
 * `help`, `version` and `completion` are of every program.
 */

/** The program on the board. */
export const agentProgram: Program = {
  name: 'qn-agent',
  summary: 'Device agent: QN topics over MQTT, mapped to GPIO and serial lines.',
  verbs: [runVerb, selftestVerb, doctorVerb, checkVerb, boardConfigVerb, topicsVerb, flashMcuVerb],
};

/** The program for people: from anywhere that reaches the broker. */
export const qnctlProgram: Program = {
  name: 'qnctl',
  summary: 'Talks to nodes over QN topics.',
  verbs: [
    queryVerb,
    notifyVerb,
    watchVerb,
    healthVerb,
    logsVerb,
    selftestNodeVerb,
    configVerb,
    forgetVerb,
    reloadVerb,
    decodeVerb,
    encodeVerb,
    mcuVerb,
    linkVerb,
    keysVerb,
  ],
};
