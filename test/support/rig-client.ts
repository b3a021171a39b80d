import { connectAsync, type IClientOptions, type IClientPublishOptions } from 'mqtt';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { type Heard, hear } from './rig.ts';
