import assert from 'node:assert/strict';
import { createConnect } from '../../../src/delivery/connect.js';
import type { Poster, PosterOptions } from '../../../src/delivery/post.js';
import { createTestPoster, postTo, summary } from '../../support/poster.js';
import { startReceiver, type Receiver } from '../../support/receiver.js';

const timeoutMs = 300;
/** Like SIGSTOP: nothing in this process runs, not even a timer. */
const stopProcess = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe('post, from a process that is suspended until the timeout is over', () => {
  let receiver: Receiver;
  let poster: Poster;
  let stopsFor: number;
  beforeEach(async () => {
    receiver = await startReceiver();
    stopsFor = 0;
  });
  afterEach(async () => {
    await poster.close();
    await receiver.close();
  });
  const open = (options: Partial<PosterOptions>) => (poster = createTestPoster(options));
  const url = () => `http://receiver.test:${receiver.port}/`;

  it('sends nothing on a connection that was opened meanwhile', async () => {
    const connect = createConnect();
    open({
      resolve: () => Promise.resolve(['127.0.0.1']),
      async connect(input, signal) {
        const connected = await connect(input, signal);
        stopProcess(stopsFor);
        return connected;
      },
    });
    stopsFor = timeoutMs + 50;
    assert.equal(summary(await postTo(poster, url(), { timeoutMs })), 'timeout: nothing sent within 300 ms');
    // The next request works, and shows that the first one was not sent late.
    stopsFor = 0;
    assert.equal(summary(await postTo(poster, url())), 'accepted 200');
    assert.equal(receiver.requests.length, 1);
  });

  it('sends nothing on a connection that was kept open', async () => {
    open({
      resolve() {
        stopProcess(stopsFor);
        return Promise.resolve(['127.0.0.1']);
      },
    });
    assert.equal(summary(await postTo(poster, url())), 'accepted 200');
    stopsFor = timeoutMs + 50;
    assert.equal(summary(await postTo(poster, url(), { timeoutMs })), 'timeout: nothing sent within 300 ms');
    assert.equal(receiver.requests.length, 1);
    stopsFor = 0;
    assert.equal(summary(await postTo(poster, url())), 'accepted 200');
    assert.equal(receiver.requests.length, 2);
  });
});
