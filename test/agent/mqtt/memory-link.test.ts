import { linkSuite } from '../../contract/link.suite.ts';
import { openMemoryRig } from '../../support/link-rigs.ts';

linkSuite('memory broker, as MQTT 5', () => openMemoryRig(5));
linkSuite('memory broker, as 3.1.1', () => openMemoryRig(4));
