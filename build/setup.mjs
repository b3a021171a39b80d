// node build/setup.mjs --run|--test SCRIPT [ARGUMENT…]
// Makes a fresh clone ready (npm packages; with --test also what the tests need from Debian), then runs the script on
// the Node that package.json pins. Plain JavaScript without imports from npm: it runs before anything is installed, on
// Node 20 or later.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stampFile = path.join(root, 'node_modules', '.qn-setup');

/** What the tests use besides npm packages: the program, or a folder, and the Debian package that has it. */
const debianPackages = [
  ['mosquitto', 'mosquitto'],
  ['mosquitto_pub', 'mosquitto-clients'],
  ['socat', 'socat'],
  ['/usr/include/mosquitto.h', 'libmosquitto-dev'],
  ['clang', 'clang'],
  ['/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a', 'libclang-rt-14-dev'],
  ['/usr/lib/python3/dist-packages/pymodbus', 'python3-pymodbus'],
  ['/usr/lib/python3/dist-packages/serial_asyncio', 'python3-serial-asyncio'],
  ['/usr/lib/python3/dist-packages/jinja2', 'python3-jinja2'],
  ['faketime', 'faketime'],
  ['g++', 'g++'],
  ['systemd-analyze', 'systemd'],
  ['promtool', 'prometheus'],
  ['chromium', 'chromium'],
  // Another broker of MQTT 5, and shells that complete.
  ['ejabberdctl', 'ejabberd'],
  ['zsh', 'zsh'],
  ['fish', 'fish'],
  // The emulated board.
  ['qemu-system-aarch64', 'qemu-system-arm'],
  ['mke2fs', 'e2fsprogs'],
  ['xz', 'xz-utils'],
  ['cpio', 'cpio'],
  ...(process.arch === 'arm64'
    ? []
    : [
        ['aarch64-linux-gnu-gcc', 'gcc-aarch64-linux-gnu'],
        ['aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu'],
      ]),
  // A Debian root of the other CPU, to install the package in.
  ['mmdebstrap', 'mmdebstrap'],
  ['lintian', 'lintian'],
  ['arch-test', 'arch-test'],
  ['qemu-aarch64-static', 'qemu-user-static'],
  // The image of a card, and logging in to the board that starts from it.
  ['mcopy', 'mtools'],
  ['mkfs.vfat', 'dosfstools'],
  ['sfdisk', 'fdisk'],
  ['ssh', 'openssh-client'],
  ['make', 'make'],
  ['avr-gcc', 'gcc-avr'],
  ['/usr/lib/avr/include', 'avr-libc'],
  ['/usr/include/simavr', 'libsimavr-dev'],
  ['/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot', 'arduino-core-avr'],
];

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) return { ok: false, detail: error.message };
  return { ok: status === 0, detail: `exit code ${status}` };
}

function has(program) {
  if (path.isAbsolute(program)) return existsSync(program);
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)));
}

function lockHash() {
  const files = ['package.json', 'package-lock.json'].map((file) => readFileSync(path.join(root, file)));
  return createHash('sha256').update(Buffer.concat(files)).digest('hex');
}

function installNpmPackages() {
  const wanted = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.log('setup: npm ci');
  const { ok, detail } = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!ok) {
    console.error(`setup: npm ci failed (${detail}); check the network, then run this again`);
    process.exit(69);
  }
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, wanted);
}

/** Missing packages are no error: the tests that need them list themselves as skipped, with the reason. */
function installDebianPackages() {
  const missing = debianPackages.filter(([program]) => !has(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (!has('apt-get') || process.getuid?.() !== 0) {
    const how = has('apt-get') ? `run: sudo apt-get install ${missing.join(' ')}` : 'there is no apt-get here';
    console.log(`setup: not installed: ${missing.join(', ')}; tests that need them will be skipped (${how})`);
    return;
  }
  console.log(`setup: apt-get install ${missing.join(' ')}`);
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  run('apt-get', ['-qq', 'update']);
  const { ok, detail } = run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing]);
  if (!ok) console.log(`setup: apt-get failed (${detail}); tests that need ${missing.join(', ')} will be skipped`);
}

/** The Node that package.json pins; the one we run on where npm has none for this platform. */
function pinnedNode() {
  const pinned = path.join(root, 'node_modules', '.bin', 'node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/** Hands over to a script of the project; its exit code is ours. Ctrl-C reaches both: the script decides how to end. */
function runScript(script, args) {
  const env = { ...process.env, PATH: `${path.join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` };
  const child = spawn(pinnedNode(), [path.join(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 70));
}

const [mode, script, ...args] = process.argv.slice(2);
installNpmPackages();
if (mode === '--test' && !args.includes('--help')) installDebianPackages();
if (script !== undefined) runScript(script, args);
