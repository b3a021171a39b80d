import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ConfigFault, formatFault } from '../../../agent/config/fault.ts';
import { readTextNow } from '../../../agent/config/read-text.ts';
import { fail, type Result } from '../../../drivers/contract/result.ts';
import { cardBytesMax } from './board-section.ts';
import { hostNameOf, plannedFiles } from './planned-files.ts';
import { type Card, readCard } from './read-card.ts';
import { findDisk, growRoot, layoutOf, separateData } from './space.ts';
import { withWritableRoot } from './writable-root.ts';
import { writeLast, writePlanned } from './write-files.ts';

/*
 * Runs at boot, before the network and the agent, when the file on the card is another one than the last that was taken.
 * One with faults changes nothing: they are told on the card and on the screen, and the board goes on as it was. So is what
 * else went wrong, and then all of it is done again at the next start.
 */

const cardFolder = '/boot/firmware';
const cardName = 'qn-agent.yaml';
const reportFile = path.join(cardFolder, 'qn-agent-faults.txt');
/** For `sha256sum --check`, by which the unit sees that there is nothing to do. */
const takenFile = '/var/lib/qn-board/taken';
/** As sysexits has them, and the agent: a fault in the config, and one of the system. */
const [faultyCode, systemCode] = [78, 71];

function setUp(): void {
  const cardFile = path.join(cardFolder, cardName);
  const card = readFile(cardFile);
  if (!card.ok) {
    const text = card.error.map((fault) => `${formatFault({ ...fault, file: path.basename(fault.file) })}\n`).join('');
    return tell(`${text}Nothing was changed: the board goes on with what it had.\n`, faultyCode);
  }
  const isSeparated = withWritableRoot(layoutOf(findDisk()) === 'divided', () => takeOver(card.value, cardFile));
  if (isSeparated) {
    process.stdout.write('qn-setup: the root is read-only from the next start on, which is now\n');
    execFileSync('systemctl', ['reboot', '--no-block']);
  }
}

/** Whether the board must start again for it. */
function takeOver(card: Card, cardFile: string): boolean {
  for (const file of plannedFiles(card)) writePlanned(file);
  execFileSync('hostname', [hostNameOf(card.node)]);
  if (card.board['ssh-keys'].length > 0) execFileSync('ssh-keygen', ['-A'], { stdio: 'ignore' });
  const isSeparated = makeSpace(card);
  const hash = createHash('sha256').update(readFileSync(cardFile)).digest('hex');
  // Last: a power cut before it has all of this done again.
  writeLast({ path: takenFile, text: `${hash}  ${cardFile}\n`, mode: 0o644 });
  rmSync(reportFile, { force: true });
  process.stdout.write(`qn-setup: ${cardName} was taken over; this board is ${card.node}\n`);
  return isSeparated;
}

function tell(text: string, code: number): void {
  process.exitCode = code;
  process.stderr.write(`qn-setup: ${cardName} was not taken over:\n${text}`);
  // With the line ends of whoever reads it on another computer.
  if (existsSync(cardFolder)) writeFileSync(reportFile, text.replaceAll('\n', '\r\n'), { flush: true });
}

function readFile(file: string): Result<Card, readonly ConfigFault[]> {
  const read = readTextNow(file, cardBytesMax);
  if (!read.ok) {
    const { kind, message, fix } = read.error;
    const misnamed = [`${cardName}.txt`, 'qn-agent.yml'].find((name) => existsSync(path.join(cardFolder, name)));
    const way = kind === 'missing' && misnamed !== undefined ? `rename ${misnamed} to ${cardName}` : fix;
    return fail([{ file, pointer: '', message, ...(way !== undefined && { fix: way }) }]);
  }
  const card = readCard(read.value.text, file);
  if (!card.ok) return card;
  const layout = layoutOf(findDisk());
  const fitting = card.value.board.root === 'writable' ? 'grown' : 'divided';
  if (layout === 'fresh' || layout === fitting) return card;
  const message = 'a card stays as its first start divided it, or has no room for data';
  return fail([{ file, pointer: '/board/root', message, fix: 'write the image to the card again' }]);
}

/** Whether the board must start again for it. A card that cannot be divided is no reason to have no agent. */
function makeSpace({ board }: Card): boolean {
  try {
    const disk = findDisk();
    if (layoutOf(disk) === 'divided') return false;
    if (board.root === 'writable') growRoot(disk);
    else separateData(disk);
    return board.root === 'read-only';
  } catch (error) {
    process.stderr.write(`qn-setup: the card stays divided as it was: ${String(error)}\n`);
    return false;
  }
}

try {
  setUp();
} catch (error) {
  tell(`${String(error)}\nNot all of it was done: it is tried again at the next start.\n`, systemCode);
}
