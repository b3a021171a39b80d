import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram, verbsOf } from '../../../agent/cli/command-line.ts';
import { agentProgram, qnctlProgram } from '../../../agent/cli/programs.ts';
import { recordContext } from './context.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'qn-completion-'));
writeFileSync(path.join(folder, 'patch.yaml'), '');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shells = ['bash', 'zsh', 'fish'] as const;
const programs = [agentProgram, qnctlProgram];
const cases = shells.flatMap((shell) => programs.map((program) => ({ shell, program, name: program.name })));

function hasShell(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}

async function scriptOf(shell: string, program: (typeof programs)[number]): Promise<string> {
  const context = recordContext();
  expect(await runProgram(program, ['completion', shell], context)).toBe(0);
  return context.outLines.join('\n');
}

async function fileOf(shell: string, program: (typeof programs)[number]): Promise<string> {
  const file = path.join(folder, `${program.name}.${shell}`);
  writeFileSync(file, `${await scriptOf(shell, program)}\n`);
  return file;
}

describe.each(cases)('completion $shell of $name', ({ shell, program }) => {
  it('names every verb and each of its options', async () => {
    const text = await scriptOf(shell, program);
    for (const { name, options } of verbsOf(program)) {
      expect(text).toContain(name);
      for (const option of Object.keys(options))
        expect(text).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
    }
  });

  it.skipIf(!hasShell(shell))(
    `is a script that ${shell} takes${hasShell(shell) ? '' : ' (not installed)'}`,
    async () => {
      const { status, stderr } = spawnSync(shell, ['-n', await fileOf(shell, program)], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    },
  );
});

describe.skipIf(!hasShell('bash'))('bash completes', () => {
  async function complete(...words: readonly string[]): Promise<readonly string[]> {
    const script = `source ${await fileOf('bash', qnctlProgram)}
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _qnctl
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  }

  it.each([
    ['a verb', ['qnctl', 'no'], ['notify']],
    ['an option of the verb', ['qnctl', 'notify', 'pi-1', '--enc'], ['--encoding']],
    ['no option of another verb', ['qnctl', 'query', 'pi-1', '--enc'], []],
    ['the words an option takes', ['qnctl', 'encode', '--to', 'c'], ['cbor', 'compact']],
    ['the words that stand for an operand', ['qnctl', 'completion', ''], ['bash', 'zsh', 'fish']],
    ['the actions of a verb', ['qnctl', 'config', 'p'], ['push', 'plan']],
    ['those that take different operands', ['qnctl', 'keys', ''], ['new', 'list']],
    ['the file of an action', ['qnctl', 'config', 'push', 'pi-1', 'patch'], ['patch.yaml']],
    ['a file in the first place', ['qnctl', 'reload', 'patch'], ['patch.yaml']],
    ['nothing behind a single operand', ['qnctl', 'reload', 'patch.yaml', 'p'], []],
    ['the verbs behind help', ['qnctl', 'help', 'hea'], ['health']],
    ['nothing where nobody can know', ['qnctl', 'query', 'pi-1', '--url', ''], []],
  ])('%s', async (_what, words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });
});

describe.skipIf(!hasShell('fish'))('fish completes', () => {
  it.each([
    ['a verb', 'qnctl no', ['notify']],
    ['an option of the verb', 'qnctl notify pi-1 --enc', ['--encoding']],
    ['the words an option takes', 'qnctl encode --to c', ['cbor', 'compact']],
    ['the actions of a verb', 'qnctl config p', ['plan', 'push']],
    ['the file of an action', 'qnctl config push pi-1 patch', ['patch.yaml']],
  ])('%s', async (_what, line, expected) => {
    const script = `source ${await fileOf('fish', qnctlProgram)}; complete -C '${line}'`;
    const env = { ...process.env, HOME: folder };
    const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env, cwd: folder });
    expect(stdout.split('\n').flatMap((row) => (row === '' ? [] : [row.split('\t')[0]]))).toEqual(expected);
  });
});

it('another shell is refused with those there are', async () => {
  const context = recordContext();
  expect(await runProgram(agentProgram, ['completion', 'csh'], context)).toBe(64);
  expect(context.errLines).toEqual(['qn-agent completion: no completion for csh; take one of bash, zsh, fish']);
});
