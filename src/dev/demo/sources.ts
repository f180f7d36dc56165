import { randomBytes } from 'node:crypto';
import { startFakeTwilio, type FakeTwilio } from './fake-twilio.js';
import { startPlayedSwitch, type PlayedSwitch } from './played-switch.js';

/** The simulated outside world. */
export interface DemoSources {
  played: PlayedSwitch;
  twilio: FakeTwilio;
  /** The service's settings, so that it finds them. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** A switch and a Twilio on loopback. `port` is the API's, for Twilio's callbacks. */
export async function startDemoSources(port: number): Promise<DemoSources> {
  const accountSid = `AC${randomBytes(16).toString('hex')}`;
  const authToken = randomBytes(16).toString('hex');
  const [played, twilio] = await Promise.all([startPlayedSwitch(), startFakeTwilio({ accountSid, authToken })]);
  return {
    played,
    twilio,
    env: {
      FREESWITCH_URLS: played.url,
      RECORDING_URL_TEMPLATE: 'https://recordings.example.com/{file}',
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_API_BASE_URL: twilio.url,
      PUBLIC_BASE_URL: `http://127.0.0.1:${port}`,
    },
    async close() {
      await Promise.all([played.close(), twilio.close()]);
    },
  };
}
