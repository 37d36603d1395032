// A mail server on this machine that keeps what it is sent: just enough of SMTP to be spoken to.
import { createServer } from "node:net";

// startMail listens on a port of this machine. Its args are those with which the program under
// test sends letters there; refuse(to) may be replaced to turn a recipient away.
export async function startMail() {
  const mail = { letters: [], refuse: () => false };
  let arrived = () => {};
  const smtp = createServer((socket) => {
    let data = false, to = "", text = "", rest = "";
    const say = (line) => socket.write(`${line}\r\n`);
    socket.unref();
    say("220 localhost");
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (chunk) => {
      rest += chunk;
      for (let at; (at = rest.indexOf("\r\n")) >= 0; ) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        if (data) {
          if (line !== ".") text += `${line}\n`;
          else {
            data = false;
            mail.letters.push({ to, text: text.replaceAll("=\n", "").replaceAll("=3D", "=") });
            say("250 taken");
            arrived();
          }
        } else if (/^EHLO/i.test(line)) say("250-localhost\r\n250 8BITMIME");
        else if (/^RCPT/i.test(line)) {
          to = line.match(/<(.*?)>/)[1];
          say(mail.refuse(to) ? "550 5.1.1 no such user" : "250 ok");
        } else if (/^DATA/i.test(line)) {
          data = true;
          text = "";
          say("354 go on");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else say("250 ok");
      }
    });
  });
  await new Promise((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  smtp.unref(); // connections that are left open hold nobody up
  mail.args = ["--smtp-url", `smtp://127.0.0.1:${smtp.address().port}`, "--mail-from", "Winddown <post@winddown.example>"];
  // letterTo waits for the nth letter to an address with a link to a path, and returns the path
  // of that link; its token must not be in the log of the server.
  mail.letterTo = async (server, address, path, n = 1) => {
    for (;;) {
      const found = mail.letters.filter((l) => l.to === address && l.text.includes(path));
      if (found.length >= n) {
        const token = found[n - 1].text.match(new RegExp(`${path}([A-Za-z0-9_-]+)`))[1];
        server.secret(token);
        return path + token;
      }
      await new Promise((resolve) => (arrived = resolve));
    }
  };
  return mail;
}
