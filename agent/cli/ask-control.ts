import { connect } from 'node:net';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { controlSocketOf } from '../config/control/socket-path.ts';
import { controlAnswerMsMax } from '../config/limits.ts';
import { isPlainMap } from '../config/plain-map.ts';
import type { LocalAnswer, LocalWish } from '../config/push/local.ts';
import { tryParseJson } from '../config/try-parse-json.ts';
import { stateFolderOf } from './state-folder.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionHelp, type OptionValues, textOption } from './verb.ts';

export const socketOption: { readonly [name: string]: OptionHelp } = {
  socket: { type: 'string', placeholder: 'PATH', help: 'control socket (default control.sock in the state-folder)' },
};

/** Asks the agent of this board; every way it can fail is told to the user here. */
export async function askControl(
  context: CliContext,
  options: OptionValues,
  configPath: string,
  wish: LocalWish,
): Promise<Result<LocalAnswer, ExitCode>> {
  const socket = textOption(options, 'socket') ?? controlSocketOf(await stateFolderOf(context, configPath));
  const asked = await ask(context, socket, `${JSON.stringify(wish)}\n`);
  const answer = asked.ok ? tryParseJson(asked.value) : undefined;
  if (isAnswer(answer)) return ok(answer);
  const why = asked.ok ? 'the agent ended before it answered' : asked.error;
  context.err(`no answer on ${socket}: ${why}; is the agent running, and are you its user?`);
  return fail(exitCodes.unavailable);
}

function ask({ clock, signal }: CliContext, path: string, line: string): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path, () => socket.write(line));
    const timer = clock.after(controlAnswerMsMax, () => socket.destroy(new Error('no answer in time')));
    const stop = () => socket.destroy(new Error('interrupted'));
    signal.addEventListener('abort', stop, { once: true });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', (error) => resolve(fail(error.message)));
    socket.on('close', () => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', stop);
      resolve(ok(text));
    });
  });
}

function isAnswer(input: unknown): input is LocalAnswer {
  return isPlainMap(input) && typeof input['status'] === 'string';
}
