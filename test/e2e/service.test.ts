import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { distFolder, startScript } from '../support/agent-process.ts';
import { type DatagramInbox, openDatagramInbox } from '../support/datagrams.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { ptyMissing } from '../support/pty.ts';
import { openRig } from '../support/rig.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import { until } from '../support/until.ts';

/* The agent as a service of systemd: the socket is a real AF_UNIX datagram socket, the agent is the bundle. */

const feeds = (inbox: DatagramInbox) => inbox.received().split('WATCHDOG=1').length - 1;

describeWithMosquitto('qn-agent run as a service', () => {
  it.skipIf(ptyMissing !== undefined)(
    `says READY, feeds the watchdog while it lives, not while it hangs, and says how it is and STOPPING (${ptyMissing ?? 'socat'})`,
    async () => {
      const first = 'gpio.a: { driver: gpio-out, line: GPIO17 }';
      await using rig = await openRig({ documents: [first], lines: ['GPIO17', 'GPIO18'] });
      const folder = await mkdtemp(path.join(tmpdir(), 'qn-notify-'));
      const socket = path.join(folder, 'notify');
      await using inbox = await openDatagramInbox(socket);
      const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '600000' };
      const { nodeArguments } = readUnitMemory();
      const program = path.join(distFolder, 'qn-agent.cjs');
      await using agent = startScript(program, ['run', '--config', rig.configFile], { env, nodeArguments });
      await until(() => inbox.received().includes('READY=1'), 'READY=1', 15_000);
      expect(inbox.received()).toContain('STATUS=self-test PASS, 1 documents');
      await until(() => feeds(inbox) >= 4, 'four feeds', 15_000);
      process.kill(agent.pid, 'SIGSTOP'); // As an agent that hangs.
      await new Promise((resolve) => setTimeout(resolve, 300)); // What was under way arrives.
      const fed = feeds(inbox);
      await new Promise((resolve) => setTimeout(resolve, 1_200)); // Two periods of the watchdog.
      expect(feeds(inbox)).toBe(fed);
      process.kill(agent.pid, 'SIGCONT');
      await until(() => feeds(inbox) > fed, 'it is fed again', 15_000);
      process.kill(agent.pid, 'SIGUSR1'); // Node.js would open a port for a debugger.
      const text = await readFile(rig.configFile, 'utf8');
      const second = first.replace('gpio.a', 'gpio.b').replace('GPIO17', 'GPIO18');
      await writeFile(rig.configFile, text.replace(first, `${first}\n  ${second}`));
      process.kill(agent.pid, 'SIGHUP');
      await until(() => inbox.received().includes('\nSTATUS=self-test PASS, 2 documents'), 'the new status', 15_000);
      expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(agent.err).not.toContain('Debugger');
      expect(inbox.received()).toContain('STOPPING=1');
      await rm(folder, { recursive: true, force: true });
    },
  );
});
