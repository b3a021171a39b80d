import path from 'node:path';
import { outFolder } from '../build.ts';
import { runTool } from '../run-tool.ts';

export const programs = ['qn-agent', 'qnctl'] as const;

type ProgramName = (typeof programs)[number];

const summaries: { readonly [program in ProgramName]: string } = {
  'qn-agent': 'device agent that maps MQTT topics to pins and serial lines',
  qnctl: 'ask, command and watch boards that run qn-agent',
};

/** What the program says to --help, as a manual page. */
export async function manualPage(program: ProgramName): Promise<string> {
  const help = await runTool(process.execPath, [path.join(outFolder, `${program}.cjs`), '--help']);
  const text = help
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
  return [
    `.TH ${program.toUpperCase()} 1`,
    '.SH NAME',
    `${program} \\- ${summaries[program]}`,
    '.SH DESCRIPTION',
    '.nf',
    text.trimEnd(),
    '.fi',
    '.SH SEE ALSO',
    ...programs.filter((other) => other !== program).map((other) => `.BR ${other} (1)`),
    '',
  ].join('\n');
}
