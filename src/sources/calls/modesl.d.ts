/** What we use of modesl 1.2.1, which has no types of its own. */
declare module 'modesl' {
  import type { Socket } from 'node:net';

  export interface Event {
    /** Exact in case; null when absent. JSON array variables are arrays. */
    getHeader(name: string): string | string[] | null;
    getBody(): string;
  }

  type FrameHeaders = Readonly<Record<string, string>>;

  export class Connection {
    /** Connects immediately; authenticates and subscribes to `reqEvents`, in JSON, by itself. Never reconnects. */
    constructor(host: string, port: number, password: string);
    /** null after the other side has ended the connection. */
    socket: Socket | null;
    reqEvents: string[];
    on(name: 'error', listener: (error: Error) => void): this;
    /** `::` separates the parts of a name; `**` stands for any number of parts. */
    on(name: string, listener: (event: Event, headers?: FrameHeaders) => void): this;
    /** Replies are matched by order alone: never send a second command before the reply to the first. */
    api(command: string, answered: (event: Event) => void): void;
  }

  const esl: { Connection: typeof Connection };
  export default esl;
}
