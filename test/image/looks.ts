import { setTimeout as delay } from 'node:timers/promises';
import type { Value } from '../../agent/qn/message.ts';
import { fieldOf, type Heard, type Listener, statusOf } from '../support/heard.ts';
import type { Check } from './card-life.ts';
import type { BoardKind, EmulatedBoard } from './emulated-board.ts';

/** Emulated processors are slow, and this machine may be busy. */
export const bootMsMax = 900_000;
export const answerMsMax = 180_000;

/** A pin that the kernel really has, and how it shows it. */
export const pins: { readonly [kind in BoardKind]: { readonly line: string; readonly shown: RegExp } } = {
  virt: { line: '{ chip: "9030000.pl061", offset: 5 }', shown: /gpio-\d+ .*\|qn-agent.*\) out (hi|lo)/ },
  raspi3b: { line: 'GPIO17', shown: /gpio-\d+ +\(GPIO17 .*\|qn-agent.*\) out (hi|lo)/ },
};

/** Of the kernel, about all processes of the agent. */
export const groupFolder = '/sys/fs/cgroup/qn.slice/qn-agent.service';

/** The lives of the agent that were heard of so far, by their number. */
export function livesOf(broker: Listener): ReadonlySet<Value | undefined> {
  return new Set(broker.all.filter(isHealth).map(lifeOf));
}

/** Whether a life of the agent that is none of `before` says so, sooner or later; and what was said last. */
export async function isOnline(broker: Listener, before: ReadonlySet<Value | undefined>): Promise<[boolean, string]> {
  return await isSaid(broker, before, 'online');
}

/** The same, of one that misses something, and knows it. */
export async function isAtBroker(broker: Listener, before: ReadonlySet<Value | undefined>): Promise<[boolean, string]> {
  return await isSaid(broker, before, 'degraded');
}

async function isSaid(
  broker: Listener,
  before: ReadonlySet<Value | undefined>,
  status: 'online' | 'degraded',
): Promise<[boolean, string]> {
  const test = (heard: Heard) => isHealth(heard) && !before.has(lifeOf(heard)) && statusOf(heard) === status;
  const said = await broker.hear({ test }, bootMsMax).catch(() => undefined);
  const last = said ?? broker.all.findLast(isHealth);
  return [said !== undefined, last === undefined ? 'nothing was heard' : aboutHealth(last)];
}

/** What is wrong with it stands in there, if anything is; and how long it has been up. */
function aboutHealth({ message }: Heard): string {
  const [status, why, uptime_s] = ['status', 'why', 'uptime_s'].map((name) => fieldOf(message.val, name));
  return JSON.stringify({ status, why, uptime_s });
}

/** What it found out about itself when it started, as every client of the broker can read it. */
export async function lookAtSelfTest(broker: Listener, check: Check): Promise<void> {
  const test = ({ message }: Heard) => fieldOf(message.val, 'health_status') === 'PASS';
  const { message } = await broker.hear({ target: 'pi_7', verb: 'state', document: 'selftest', test }, answerMsMax);
  const [status, latency] = [fieldOf(message.val, 'health_status'), fieldOf(message.val, 'max_latency_us')];
  check(
    'its self-test is published, and passed',
    status === 'PASS',
    JSON.stringify({ status, max_latency_us: latency }),
  );
}

function isHealth({ target, verb, document }: Heard): boolean {
  return target === 'pi_7' && verb === 'health' && document === 'agent';
}

function lifeOf({ message }: Heard): Value | undefined {
  return fieldOf(message.val, 'boot');
}

/** What the firmware of each model tells the kernel. */
export function lookAtCommandLine(commandLine: string, check: Check): void {
  const isForAll = !commandLine.includes('cma='); // With it a Raspberry Pi 4 does not start.
  check('what the kernel is told is right for each model', isForAll && commandLine.includes(' panic=10'), commandLine);
}

/** Of a board whose root does not show up: nobody is there to answer a prompt. */
export async function lookAtLostRoot(board: EmulatedBoard, check: Check): Promise<void> {
  const untilMs = performance.now() + bootMsMax;
  const isAgain = () => board.console.split('Run /init as init process').length > 2;
  while (!isAgain() && performance.now() < untilMs) await delay(1_000);
  check('a board that does not find its root starts again', isAgain(), board.console.slice(-200));
}

/** As an engineer who logs in for the first time. */
export async function lookAround(board: EmulatedBoard, check: Check): Promise<void> {
  const show = (...names: readonly string[]) =>
    board.shell(`systemctl show qn-agent ${names.map((name) => `-p ${name}`).join(' ')}`);
  check('one logs in with the key of the card', (await board.shell('hostname')) === 'pi-7');
  const unit = await show(
    'Type',
    'ActiveState',
    'SubState',
    'StatusText',
    'WatchdogUSec',
    'NRestarts',
    'User',
    'MemoryCurrent',
  );
  const isRunning = ['Type=notify', 'ActiveState=active', 'SubState=running', 'User=qn-agent', 'NRestarts=0'];
  const nice = await board.shell(
    `for id in $(cat ${groupFolder}/cgroup.procs); do cut -d ' ' -f 19 /proc/$id/stat; done | sort | uniq -c`,
  );
  check(
    'systemd says that it runs, as it was told by it',
    isRunning.every((line) => unit.includes(line)),
    unit,
  );
  check('it and its guard go before other programs', nice.trim() === '2 -10', nice);
  check('systemd waits for signs of life', unit.includes('WatchdogUSec=30s'));
  const failed = await board.shell('systemctl --failed --no-legend --plain | cut -d " " -f 1');
  check('no unit has failed', failed === '', failed);
}

/** Another unit with the same sandbox asks what the agent asks: from outside nobody sees whether it is answered there. */
export async function lookAtSandbox(board: EmulatedBoard, check: Check): Promise<void> {
  const addon = '/usr/lib/qn-agent/native/linux-arm64/gpiochip.node';
  const probe = `console.log(JSON.stringify(require("${addon}").clockErrorUs()))`;
  await board.shell(`echo '${probe}' | sudo tee /run/qn-probe.cjs > /dev/null`);
  const edits = [
    ...['/^(Watchdog|Restart|Notify|Environment|.*Directory)/d', 's/^Type=.*/Type=oneshot/'],
    's|^ExecStart=.*|ExecStart=/usr/lib/qn-agent/node /run/qn-probe.cjs|',
  ];
  const sed = `sed -E ${edits.map((edit) => `-e '${edit}'`).join(' ')}`;
  await board.shell(`systemctl cat qn-agent | ${sed} | sudo tee /run/systemd/system/qn-probe.service > /dev/null`);
  await board.shell('sudo systemctl daemon-reload; sudo systemctl start qn-probe || true');
  const told = await board.shell('sudo journalctl --unit qn-probe --output cat');
  check(
    'in its sandbox the kernel tells how far off its clock may be',
    /^\{"ok":true,"value":\d+\}$/m.test(told),
    told,
  );
  await board.shell('sudo rm /run/qn-probe.cjs /run/systemd/system/qn-probe.service; sudo systemctl daemon-reload');
}

/** As the network of QEMU is, which would tell the same by DHCP. */
export const wired = { address: '10.0.2.15/24', gateway: '10.0.2.2', dns: ['10.0.2.3'], ntp: ['10.0.2.2'] };

export async function lookAtAddress(board: EmulatedBoard, check: Check): Promise<void> {
  const addresses = await board.shell('ip -4 -o address show dev eth0; ip route');
  const isFixed = addresses.includes(` ${wired.address} `) && !/dynamic|proto dhcp/.test(addresses);
  check('its address is that of the card', isFixed && addresses.includes(`default via ${wired.gateway} `), addresses);
  const servers = await board.shell('resolvectl dns eth0; timedatectl show-timesync --property=LinkNTPServers');
  check('and so are the servers it asks', servers.endsWith(': 10.0.2.3\nLinkNTPServers=10.0.2.2'), servers);
}

/** The network of the card; nothing in it may need quotes anywhere. */
export const wifi = { ssid: 'the "café"', password: 'it is "secret"', country: 'DE' };

/**
 * The kernel simulates two radios: one is that of the board, the other an access point. That of a Raspberry Pi sleeps as long as
 * nobody tells it not to, which a simulated one does only when it is told.
 */
export async function lookAtRadio(board: EmulatedBoard, check: Check): Promise<void> {
  const ssid = Buffer.from(wifi.ssid).toString('hex');
  const network = ['mode=2', 'frequency=2412', 'key_mgmt=WPA-PSK', `ssid=${ssid}`, `psk="${wifi.password}"`];
  const lines = [`country=${wifi.country}`, 'network={', ...network, '}'];
  const file = '/run/access-point.conf';
  await board.shell(`printf '%s\n' ${lines.map((line) => `'${line}'`).join(' ')} | sudo tee ${file}`);
  await board.shell('sudo modprobe mac80211_hwsim radios=2; sudo udevadm settle');
  await board.shell(`sudo wpa_supplicant -B -P /run/access-point.pid -i wlan1 -c ${file}`);
  const joined = 'for _ in $(seq 90); do /usr/sbin/iw dev wlan0 link | grep -m 1 Connected && break; sleep 1; done';
  const first = await board.shell(joined);
  check('its radio joins the network of the card', first.startsWith('Connected'), first);
  const iw = 'sudo /usr/sbin/iw dev wlan0';
  const appear = 'sudo udevadm trigger --action=add --settle /sys/class/net/wlan0';
  const sleep = await board.shell(`${iw} set power_save on; ${appear}; ${iw} get power_save`);
  check('and does not sleep', sleep === 'Power save: off', sleep);
  await board.shell(`sudo systemctl kill --signal KILL wpa_supplicant@wlan0; sleep 2; ${iw} disconnect || true`);
  const again = await board.shell(joined);
  check('and joins it again when what keeps it there has died', again.startsWith('Connected'), again);
  await board.shell('sudo pkill --pidfile /run/access-point.pid; sudo modprobe --remove mac80211_hwsim');
}

/** The card is spared, and used up to its end. */
export async function lookAtDisk(board: EmulatedBoard, root: 'writable' | 'read-only', check: Check): Promise<void> {
  const mounts = await board.shell('findmnt --noheadings --raw --output TARGET,OPTIONS,SIZE,FSTYPE --real');
  const place = root === 'writable' ? '/' : '/data';
  const line = mounts.split('\n').find((text) => text.startsWith(`${place} `)) ?? '';
  check('reading a file writes nothing', line.includes('noatime'), mounts);
  const kb = Number(await board.shell(`df --output=size ${place} | tail -1`));
  const [least, where] = root === 'writable' ? [3_200_000, 'the root'] : [1_500_000, 'the data partition'];
  check(`the rest of the card is in ${where}`, kb > least, `${kb} KiB`);
  const isWritable = await board.shell('sudo touch /probe 2>/dev/null && echo writable || echo read-only');
  check(`the root is ${root}`, isWritable === root, isWritable);
  const journal = await board.shell('ls -A /var/log/journal 2>/dev/null; journalctl --header | grep -m 1 "File path"');
  check('the log is in memory', journal.includes('/run/log/journal'), journal);
}

/** What a bug does to it; systemd starts it again. */
export async function kill(board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  const show = () => board.shell('systemctl show qn-agent -p MainPID -p NRestarts --value | tr "\\n" " "');
  const keptCode = () =>
    board.shell('sudo stat --format "%i %s %U" /var/lib/qn-agent/compiled/qn-agent.cjs.code || true');
  const [before, codeBefore] = [(await show()).split(' '), await keptCode()];
  check('what is compiled of it is kept', / \d{6,} qn-agent$/.test(codeBefore), codeBefore);
  const lives = livesOf(broker);
  await board.shell(`sudo kill -9 ${before[0]}`);
  check('killed, it comes back online', ...(await isOnline(broker, lives)));
  const after = (await show()).split(' ');
  check(
    'systemd started it again',
    Number(after[1]) === Number(before[1]) + 1 && after[0] !== before[0],
    `${before.join(' ')} then ${after.join(' ')}`,
  );
  const code = await keptCode(); // What does not fit would be written anew, as another file.
  check('it started from what was kept', code === codeBefore, `${codeBefore} then ${code}`);
}

export const successful = { target: 'pi_7', verb: 'ack', document: 'gpio.relay1', status: 'successful' };

/** From the broker to a pin of the kernel. */
export async function command(kind: BoardKind, board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  for (const [word, level] of [
    ['ON', 'hi'],
    ['OFF', 'lo'],
  ] as const) {
    await broker.say('qn/1/pi_7/notify/gpio.relay1', word);
    await broker.hear(successful, answerMsMax);
    await delay(100);
    const shown = await board.shell('sudo cat /sys/kernel/debug/gpio');
    const [line = shown, found] = pins[kind].shown.exec(shown) ?? [];
    check(`${word} is on the pin`, found === level, line);
  }
}

/** Of the relay, by the kernel; undefined: nobody has the line. */
export async function levelOf(kind: BoardKind, board: EmulatedBoard): Promise<string | undefined> {
  return pins[kind].shown.exec(await board.shell('sudo cat /sys/kernel/debug/gpio'))?.[1];
}

/** What a hanging event loop does to it, with a relay on. The watchdog is not fed; nobody is there to see it. */
export async function hang(kind: BoardKind, board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  const restarts = () => board.shell('systemctl show qn-agent -p NRestarts --value');
  const [before, lives] = [Number(await restarts()), livesOf(broker)];
  await broker.say('qn/1/pi_7/notify/gpio.relay1', 'ON');
  await broker.hear(successful, answerMsMax);
  await board.shell('sudo kill -STOP $(systemctl show qn-agent -p MainPID --value)');
  check('an agent that hangs still has its relay on', (await levelOf(kind, board)) === 'hi');
  check('hung, it is ended by the watchdog and comes back online', ...(await isOnline(broker, lives)));
  check('its relay is off', (await levelOf(kind, board)) === 'lo');
  const after = Number(await restarts());
  check('systemd started it again, once', after === before + 1, `${before} then ${after}`);
  const told = await board.shell(
    'journalctl --unit qn-agent --output cat | grep -E "[Ww]atchdog timeout|outputs go to" | tail -2',
  );
  const isTold = /watchdog timeout/i.test(told) && told.includes('outputs go to crash state');
  check('the log says why, and that the guard drove the relay into its crash state', isTold, told);
}
