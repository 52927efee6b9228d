/** The page's side of the stage: the sandbox, and programs that run against it. */

import type {
  Answered,
  FromProgram,
  FromTenant,
  ReadyTenant,
  Role,
  StageCommand,
  ToProgram,
  ToTenant,
} from "./messages.js";

/** Receives the messages of a run. */
type Receiver = (message: FromProgram) => void;

interface Actor {
  readonly name: number;
  readonly port: MessagePort;
}

/** The workers in which programs run, in a hidden frame. */
export class Theatre {
  readonly #frame: Window;
  readonly #tenant: MessagePort;
  /** Resolves with what a program needs to begin. */
  readonly ready: Promise<ReadyTenant>;
  readonly #waiting = new Map<number, (answered: Answered) => void>();
  #last = 0;
  #names = 0;
  #program: Actor | undefined;
  /** A worker that has loaded the package and waits for a program. */
  #next: Actor | undefined;
  #ahead = 0;

  /** @param changed Called when the sandbox has handled a request of a program. */
  constructor(frame: Window, changed: () => void) {
    this.#frame = frame;
    this.#tenant = this.#start("tenant").port;
    this.ready = new Promise((resolve) => {
      this.#tenant.onmessage = ({ data }: MessageEvent<FromTenant>) => {
        if ("ready" in data) resolve(data.ready);
        else if ("changed" in data) changed();
        else {
          this.#waiting.get(data.id)?.(data);
          this.#waiting.delete(data.id);
        }
      };
    });
    this.#prepare();
  }

  /** Calls a control of the sandbox. */
  async control<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { url } = await this.ready;
    const id = ++this.#last;
    const answered = await new Promise<Answered>((resolve) => {
      this.#waiting.set(id, resolve);
      const asked: ToTenant = {
        id,
        method,
        url: `${url}/_sandbox/${path}`,
        headers: [["content-type", "application/json"]],
        body: body === undefined ? "" : JSON.stringify(body),
      };
      this.#tenant.postMessage(asked);
    });
    if ("lost" in answered) throw new Error(answered.lost.message);
    return JSON.parse(answered.body) as T;
  }

  /** Runs a program, after stopping the one that is running. */
  async run(code: string, receive: Receiver): Promise<void> {
    const ready = await this.ready;
    this.stop();
    const program = this.#next ?? this.#start("program");
    this.#next = undefined;
    this.#program = program;
    program.port.onmessage = ({ data }: MessageEvent<FromProgram>) => {
      receive(data);
      if (data.kind === "end") this.#prepare();
    };
    const { port1, port2 } = new MessageChannel();
    this.#tenant.postMessage({ connect: port1 } satisfies ToTenant, [port1]);
    const run: ToProgram = { run: { code, tenant: port2, ready, ahead: this.#ahead } };
    program.port.postMessage(run, [port2]);
  }

  /** Ends the program, whatever it is doing. */
  stop(): void {
    if (this.#program === undefined) return;
    this.#program.port.close();
    this.#send({ kind: "end", name: this.#program.name });
    this.#program = undefined;
    this.#prepare();
  }

  /** Sets how far the sandbox's clock is ahead of the machine's, in milliseconds. */
  moveClock(ahead: number): void {
    this.#ahead = ahead;
    this.#program?.port.postMessage({ ahead } satisfies ToProgram);
  }

  #prepare(): void {
    this.#next ??= this.#start("program");
  }

  #start(role: Role): Actor {
    const { port1, port2 } = new MessageChannel();
    const name = ++this.#names;
    this.#send({ kind: "start", name, role, port: port2 }, [port2]);
    return { name, port: port1 };
  }

  #send(command: StageCommand, transfer: Transferable[] = []): void {
    // A page on a disk has no origin to which a message could be addressed.
    this.#frame.postMessage(command, location.protocol === "file:" ? "*" : location.origin, transfer);
  }
}
