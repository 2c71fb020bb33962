//! A small part of Flux: the text of a query to a tree of expressions, each with its place.

use super::token::{Lexer, Span, Token};

/// An expression and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub expr: Expr,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Name(String),
    String(String),
    Integer(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970.
    Time(i64),
    Array(Vec<Node>),
    /// `{name: value}`
    Record(Vec<Argument>),
    /// `record.label` or `record["label"]`.
    Member(Box<Node>, String),
    Call(Box<Node>, Vec<Argument>),
    /// `tables |> call`
    Pipe(Box<Node>, Box<Node>),
    /// `(parameter) => body`
    Function(String, Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Negative(Box<Node>),
}

/// A named argument of a call.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub name: String,
    pub span: Span,
    pub value: Node,
}

/// The statements of a query. `Err` is the server's message.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser {
        tokens: Lexer::new(text).tokens(),
        at: 0,
        errors: Vec::new(),
    };
    let mut statements = Vec::new();
    while parser.errors.is_empty() && parser.peek().0 != Token::End {
        statements.extend(parser.expression());
    }
    let mut errors = parser.errors;
    if errors.is_empty() {
        return Ok(statements);
    }
    errors.sort();
    let errors: Vec<_> = errors
        .iter()
        .map(|(span, words)| format!("error @{span}: {words}"))
        .collect();
    Err(format!("compilation failed: {}", errors.join("\n\n")))
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    errors: Vec<(Span, String)>,
}

// `None` means that an error was recorded, and that this statement is abandoned.
impl Parser {
    fn peek(&self) -> &(Token, Span) {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> (Token, Span) {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: &'static str) -> bool {
        let found = self.peek().0 == Token::Sign(sign);
        self.at += usize::from(found);
        found
    }

    fn fail<T>(&mut self, span: Span, words: impl Into<String>) -> Option<T> {
        self.errors.push((span, words.into()));
        None
    }

    fn expect(&mut self, sign: &'static str, name: &str, from: Span) -> Option<Span> {
        let (token, span) = self.peek().clone();
        if self.sign(sign) {
            return Some(span);
        }
        let got = token.name();
        self.fail(from.to(span), format!("expected {name}, got {got}"))
    }

    fn expression(&mut self) -> Option<Node> {
        let mut left = self.logical("or")?;
        while self.sign("|>") {
            let right = self.logical("or")?;
            let span = left.span.to(right.span);
            let expr = Expr::Pipe(Box::new(left), Box::new(right));
            left = Node { expr, span };
        }
        Some(left)
    }

    /// `or` binds weaker than `and`, `and` weaker than a comparison.
    fn logical(&mut self, sign: &'static str) -> Option<Node> {
        let deeper = |parser: &mut Self| match sign {
            "or" => parser.logical("and"),
            _ => parser.comparison(),
        };
        let mut left = deeper(self)?;
        while self.sign(sign) {
            let right = deeper(self)?;
            left = binary(sign, left, right);
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Node> {
        let left = self.unary()?;
        for sign in ["==", "!="] {
            if self.sign(sign) {
                let right = self.unary()?;
                return Some(binary(sign, left, right));
            }
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Node> {
        let (_, start) = *self.peek();
        if self.sign("-") {
            let inner = self.unary()?;
            let span = start.to(inner.span);
            let expr = Expr::Negative(Box::new(inner));
            return Some(Node { expr, span });
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Option<Node> {
        let mut node = self.primary()?;
        loop {
            if self.sign(".") {
                let (token, span) = self.next();
                let Token::Name(label) = token else {
                    return self.fail(span, format!("expected IDENT, got {}", token.name()));
                };
                node = member(node, label, span);
            } else if self.sign("[") {
                let (token, span) = self.next();
                let Token::String(label) = token else {
                    return self.fail(span, format!("expected STRING, got {}", token.name()));
                };
                let end = self.expect("]", "RBRACK", node.span)?;
                node = member(node, label, end);
            } else if self.sign("(") {
                let arguments = self.arguments();
                let end = self.expect(")", "RPAREN", node.span)?;
                let span = node.span.to(end);
                let expr = Expr::Call(Box::new(node), arguments);
                node = Node { expr, span };
            } else {
                return Some(node);
            }
        }
    }

    /// Named arguments up to, not including, the closing parenthesis. Goes on after a missing value,
    /// as the server does, which then reports the parenthesis as well.
    fn arguments(&mut self) -> Vec<Argument> {
        let mut arguments = Vec::new();
        while let (Token::Name(name), span) = self.peek().clone() {
            self.at += 1;
            let named = self.sign(":");
            if !named || matches!(self.peek().0, Token::End | Token::Sign(")" | ",")) {
                self.errors.push((span, "missing property value".into()));
            } else if let Some(value) = self.expression() {
                arguments.push(Argument { name, span, value });
            } else {
                return arguments;
            }
            if !self.sign(",") {
                break;
            }
        }
        arguments
    }

    fn primary(&mut self) -> Option<Node> {
        let (token, span) = self.next();
        let expr = match token {
            Token::Name(name) => Expr::Name(name),
            Token::String(text) => Expr::String(text),
            Token::Integer(value) => Expr::Integer(value),
            Token::Float(value) => Expr::Float(value),
            Token::Duration(nanos) => Expr::Duration(nanos),
            Token::Time(nanos) => Expr::Time(nanos),
            Token::Sign("[") => return self.array(span),
            Token::Sign("{") => {
                let members = self.arguments();
                let end = self.expect("}", "RBRACE", span)?;
                return Some(Node {
                    expr: Expr::Record(members),
                    span: span.to(end),
                });
            }
            Token::Sign("(") => return self.parenthesis(span),
            other => {
                let text = other.name();
                return self.fail(span, format!("invalid expression: {text}"));
            }
        };
        Some(Node { expr, span })
    }

    fn array(&mut self, start: Span) -> Option<Node> {
        let mut items = Vec::new();
        while !matches!(self.peek().0, Token::Sign("]")) {
            items.push(self.expression()?);
            if !self.sign(",") {
                break;
            }
        }
        let end = self.expect("]", "RBRACK", start)?;
        Some(Node {
            expr: Expr::Array(items),
            span: start.to(end),
        })
    }

    /// `(expression)` or `(parameter) => body`.
    fn parenthesis(&mut self, start: Span) -> Option<Node> {
        let inner = self.expression()?;
        let end = self.expect(")", "RPAREN", start)?;
        let (Expr::Name(parameter), true) = (&inner.expr, self.sign("=>")) else {
            let span = start.to(end);
            return Some(Node { span, ..inner });
        };
        let body = self.expression()?;
        let span = start.to(body.span);
        let expr = Expr::Function(parameter.clone(), Box::new(body));
        Some(Node { expr, span })
    }
}

fn binary(sign: &'static str, left: Node, right: Node) -> Node {
    let span = left.span.to(right.span);
    let expr = Expr::Binary(sign, Box::new(left), Box::new(right));
    Node { expr, span }
}

fn member(record: Node, label: String, end: Span) -> Node {
    let span = record.span.to(end);
    let expr = Expr::Member(Box::new(record), label);
    Node { expr, span }
}
