const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** So long after the last message the board is asked whether it is there … */
const QUIET_MS = 20_000;
/** … and given up where it does not say so; a new connection has as long to come about. */
const ANSWER_MS = 10_000;

interface Listening {
  readonly onOpen: () => void;
  /** It is tried again by itself. */
  readonly onLost: () => void;
  readonly onMessage: (text: string) => void;
  /** Whether trying makes sense: asked before each time, again after a while. */
  readonly mayConnect: () => boolean;
}

/** What the page does something with; it asks the API for the rest when it shows it. */
const TOPICS = "board,comparison,fleet,jobs,sync";

/** One WebSocket until it is lost: closed by the other end, or silent although it was asked. Calls `onLost` once. */
function connect({ onOpen, onLost, onMessage }: Omit<Listening, "mayConnect">): void {
  const socket = new WebSocket(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws?topics=${TOPICS}`,
  );
  const lost = (): void => {
    clearTimeout(waiting);
    // Closing a connection whose other end is gone takes long: nothing more is expected of it.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    onLost();
  };
  const heard = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      socket.send('{"type":"ping"}');
      waiting = setTimeout(lost, ANSWER_MS);
    }, QUIET_MS);
  };
  let waiting = setTimeout(lost, ANSWER_MS);
  socket.onopen = () => {
    heard();
    onOpen();
  };
  socket.onmessage = ({ data }) => {
    heard();
    onMessage(String(data));
  };
  socket.onclose = lost;
}

/** Keeps a connection to the board for as long as the page is open. */
export function keepConnected({ onOpen, onLost, onMessage, mayConnect }: Listening): void {
  let pauseMs = FIRST_PAUSE_MS;
  const again = (): void => {
    setTimeout(attempt, pauseMs * (0.5 + Math.random() / 2));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  const attempt = (): void => {
    if (!mayConnect()) {
      setTimeout(attempt, FIRST_PAUSE_MS);
      return;
    }
    connect({
      onOpen: () => {
        pauseMs = FIRST_PAUSE_MS;
        onOpen();
      },
      onLost: () => {
        onLost();
        again();
      },
      onMessage,
    });
  };
  attempt();
}
