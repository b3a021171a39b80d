/** What there is in a config, as YAML: the sections of a test. */
export interface ConfigParts {
  readonly documents: readonly string[];
  readonly sections?: string;
  readonly mqtt?: readonly string[];
  readonly url: string;
  readonly board: string;
  readonly state: string;
}

export function configText({ url, board, state, documents, sections = '', mqtt = [] }: ConfigParts): string {
  return `node: pi-1
mqtt:
  brokers:
    - url: ${url}
${mqtt.map((line) => `  ${line}\n`).join('')}
gpio: { backend: simulated, board: ${board} }
state-folder: ${state}
log: { level: warn }
documents:${documents.length === 0 ? ' {}' : ''}
${documents.map((line) => `  ${line}\n`).join('')}
${sections}
`;
}
