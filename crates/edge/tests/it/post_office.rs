//! A server that takes e-mails as RFC 5321 says, and whatever else it is told to do with them.

use crate::receiver::acceptor;
use edge::server::TlsFiles;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What it does with the next e-mail.
#[derive(Clone, Copy, Debug)]
pub enum Handles {
    /// Takes it.
    Take,
    /// Says this of the recipient.
    Recipient(&'static str),
    /// Says this when it has all of it.
    Content(&'static str),
    /// Takes it, and goes away before it says so.
    Lose,
    /// Says this instead of a greeting.
    Greet(&'static str),
}

/// An e-mail that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub content: String,
}

impl Mail {
    /// The value of a header that stands on one line.
    pub fn header(&self, name: &str) -> &str {
        let head = self.content.split("\r\n\r\n").next().unwrap();
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| *found == name).map(|(_, value)| value).unwrap_or_default()
    }
}

pub struct PostOffice {
    pub port: u16,
    handles: Arc<Mutex<VecDeque<Handles>>>,
    taken: Arc<Mutex<Vec<Mail>>>,
    task: JoinHandle<()>,
}

impl PostOffice {
    /// In clear.
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// Encrypted from the first byte, with these files.
    pub async fn encrypted(files: &TlsFiles) -> Self {
        Self::with(Some(acceptor(files))).await
    }

    async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (handles, taken) = (Arc::<Mutex<VecDeque<Handles>>>::default(), Arc::<Mutex<Vec<Mail>>>::default());
        let (next, took) = (handles.clone(), taken.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let handles = next.lock().unwrap().pop_front().unwrap_or(Handles::Take);
                let (took, tls) = (took.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, handles, &took).await,
                        Some(tls) => serve(tls.accept(stream).await?, handles, &took).await,
                    }
                });
            }
        });
        Self { port, handles, taken, task }
    }

    /// What it does with the next e-mails; it takes those after them.
    pub fn handles(&self, handles: &[Handles]) {
        self.handles.lock().unwrap().extend(handles);
    }

    /// What it took since it was asked last.
    pub fn all(&self) -> Vec<Mail> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    handles: Handles,
    taken: &Mutex<Vec<Mail>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut mail = Mail { from: String::new(), to: String::new(), content: String::new() };
    stream.write_all(if let Handles::Greet(text) = handles { text } else { "220 here\r\n" }.as_bytes()).await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (verb, rest) = line.trim_end().split_once([' ', ':']).unwrap_or((line.trim_end(), ""));
        let between = |text: &str| text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match (verb, handles) {
            ("EHLO", _) => "250-here\r\n250 8BITMIME\r\n",
            ("MAIL", _) => {
                mail.from = between(rest);
                "250 well\r\n"
            }
            ("RCPT", Handles::Recipient(answer)) => answer,
            ("RCPT", _) => {
                mail.to = between(rest);
                "250 well\r\n"
            }
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n").await?;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await?;
                    match line.as_str() {
                        ".\r\n" => break,
                        line => mail.content.push_str(line.strip_prefix('.').unwrap_or(line)),
                    }
                }
                if let Handles::Content(answer) = handles {
                    answer
                } else {
                    taken.lock().unwrap().push(mail.clone());
                    if matches!(handles, Handles::Lose) {
                        return Ok(());
                    }
                    "250 taken\r\n"
                }
            }
            ("RSET", _) => "250 well\r\n",
            ("QUIT", _) => {
                return stream.write_all(b"221 bye\r\n").await;
            }
            _ => "500 what\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
