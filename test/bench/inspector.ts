import { connect } from '../support/dev-tools.ts';

/** For an agent that is to be looked into. */
export const inspectorArguments = ['--inspect=127.0.0.1:0'];

/** Evaluates JavaScript in an agent that was started with `inspectorArguments`; what comes of it must be text. */
export async function openInspector(
  stack: AsyncDisposableStack,
  agent: { readonly err: string },
): Promise<(expression: string) => Promise<string>> {
  const address = /Debugger listening on (ws:\S+)/.exec(agent.err)?.[1];
  if (address === undefined) throw new Error(`the agent opened no inspector: ${agent.err}`);
  const tools = await connect(address);
  stack.defer(() => tools.close());
  return async (expression) => textOf(await tools.send('Runtime.evaluate', { expression }));
}

function textOf(answer: unknown): string {
  const { result } = JSON.parse(JSON.stringify(answer));
  if (typeof result?.value !== 'string') throw new Error(`the inspector answered ${JSON.stringify(answer)}`);
  return result.value;
}
