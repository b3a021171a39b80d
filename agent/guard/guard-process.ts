import { closeSync, openSync } from 'node:fs';
import { systemMonotonicMs } from '../../drivers/clock.ts';
import type { DigitalOutput } from '../../drivers/contract/digital.ts';
import { attachChipOutput } from '../../drivers/gpiochip/lines.ts';
import { receiveOutputs } from '../../drivers/gpiochip/pass.ts';
import { loadNativeGpio } from '../../drivers/native/addon.ts';
import { createPwmBackend, openGpioBackend } from '../../drivers/registry.ts';
import { systemClock } from '../clock.ts';
import { endOfAgent } from './agent-end.ts';
import { type Guarding, guard } from './guard.ts';
import { linesSlot } from './guarded.ts';
import { type Door, openDoor } from './handover.ts';
import { describeChange, driveLater } from './later.ts';
import { leaveLimits } from './left-limits.ts';

/**
 * `qn-agent guard`, started by `qn-agent run` and by nobody else. It outlives the agent, and keeps what lines there are to
 * keep until the next agent has come for them. Signals meant for the agent do not end it, those after the end of the agent do.
 */
export async function runGuardProcess(folder: string): Promise<void> {
  const life = { isAgentThere: true, isAskedToEnd: false, end: () => {} };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      life.isAskedToEnd = true;
      life.end();
    });
  // Timers of the clock keep no process alive: while it waits for a line it would end, and the line would stay as it is.
  setInterval(() => {}, 2 ** 30);
  process.title = 'qn-guard';
  const open = () => openDoor(folder, () => life.isAgentThere).catch(() => undefined);
  const first = await open();
  let opening = Promise.resolve(first);
  const clock = { ...systemClock, monotonicMs: systemMonotonicMs };
  const backends = { clock, openGpio: openGpioBackend, createPwm: createPwmBackend };
  const input = untilEnd(process.stdin, () => {
    life.isAgentThere = false; // Who asks from now on waits until the outputs are driven.
    if (first?.isThere === false) opening = open(); // The next agent has to find us: its lines are here.
  });
  const native = loadNativeGpio();
  void endOfAgent(native.ok ? native.value : undefined).then(() => process.stdin.push(null)); // As if the pipe had ended.
  const guarding = await guard({ input, ...backends, receive });
  const { plan, kept, later } = guarding;
  const door = await opening;
  leaveLimits(folder, guarding.limits, clock); // An agent that ends in good order may be killed while it writes this down.
  tell(guarding, door);
  silence();
  if (door !== undefined && kept.length + later.length > 0 && !life.isAskedToEnd) {
    const ended = new Promise<void>((resolve) => {
      life.end = resolve;
    });
    const isDone = plan === undefined ? Promise.resolve() : driveLater(backends, plan, later, kept);
    await Promise.race([door.handOver(kept), ended, ...(kept.length === 0 ? [isDone] : [])]);
  }
  process.exit(0); // Whatever is still held is let go of with the process.
}

async function* untilEnd(input: AsyncIterable<Uint8Array>, ended: () => void): AsyncGenerator<Uint8Array> {
  yield* input;
  ended();
}

function receive(): readonly DigitalOutput[] {
  const received = receiveOutputs(linesSlot);
  return typeof received === 'object' ? received.holds.map((hold) => attachChipOutput(hold)) : [];
}

function tell({ plan, driven, kept, later }: Guarding, door: Door | undefined): void {
  const lines = door === undefined ? [] : kept.map(({ resource }) => resource);
  if (driven === undefined && lines.length + later.length === 0) return;
  const outputs = driven?.map(({ document, isDriven, detail }) => ({ document, isDriven, detail }));
  const state = plan?.situation ?? 'crash';
  const message =
    outputs === undefined ? 'the agent ended; lines are kept' : `the agent is gone; outputs go to ${state} state`;
  const changes = later.map((change) => describeChange(change, systemMonotonicMs()));
  // Without a door nobody could tell us that the next agent has the lines, and so nothing is done later.
  const others = door === undefined ? { given_up: changes } : { later: changes };
  const line = { level: 40, service: 'qn-guard', pid: process.pid, outputs, kept: lines, ...others, message };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Whoever reads what the agent wrote waits for the end of it, and must not wait for a guard that keeps lines for days. */
function silence(): void {
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    while (openSync('/dev/null', 'r+') < descriptor); // The lowest that is free, and so in the end this one.
  }
}
