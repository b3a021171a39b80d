import { linkSuite } from '../../contract/link.suite.ts';
import { startAedes } from '../../support/aedes.ts';
import { openMqttRig } from '../../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';

describeWithMosquitto('over TCP to mosquitto', () => {
  linkSuite('mosquitto, MQTT 5', async () => openMqttRig(await startMosquitto(), 5));
  linkSuite('mosquitto, held to 3.1.1', async () => openMqttRig(await startMosquitto(), 4, { protocolVersion: 4 }));
});

linkSuite('aedes, which knows only 3.1.1', async () => openMqttRig(await startAedes(), 4));
