import { packetTooLarge } from '../../mqtt/link-failure.ts';
import { type Check, problem } from '../check.ts';
import { brokerRowsOf, warningsOf } from '../health-numbers.ts';
import { isSeen } from './mqtt.ts';

/** Brokers that let the node in, and do with what it asks for and says other than it expects. */
export const mqttMannersChecks: readonly Check[] = [
  {
    code: 'MQTT-11',
    title: 'the brokers take what the agent asks for and says',
    judge(facts) {
      const { agent, board } = facts;
      if (agent === undefined) return 'unknown';
      // The doctor has no last will, and says little.
      const isLetIn = (url: string) => board?.brokers.some((broker) => broker.url === url && isSeen(broker));
      const refused = brokerRowsOf(agent).filter(
        ({ url, isInUse, kind }) => !isInUse && (kind === 'protocol' || kind === 'auth') && isLetIn(url),
      );
      const tooLarge = warningsOf(agent).filter((text) => text.endsWith(packetTooLarge.fix));
      return [
        ...refused.map(({ detail, fix }) => problem(`the agent has no connection: ${detail}`, fix || logsFix)),
        ...tooLarge.map((cause) => problem(cause, packetTooLarge.fix)),
      ];
    },
  },
  {
    code: 'MQTT-12',
    title: 'the brokers leave topics as they are',
    judge({ board }) {
      if (board === undefined) return 'unknown';
      const [name] = Object.keys(board.config.documents).filter((document) => document.includes('.'));
      if (name === undefined) return [];
      const cause = `makes slashes of the dots in topics, as RabbitMQ does: no command to ${name} comes, and nobody hears of it`;
      const fix = `name the documents without a dot: ${name.replaceAll('.', '-')} for ${name}`;
      return board.brokers.filter(({ changesDots }) => changesDots).map(({ url }) => problem(`${url} ${cause}`, fix));
    },
  },
];

const logsFix = 'journalctl -u qn-agent -n 50';
