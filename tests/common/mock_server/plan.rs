//! From a query's tree to the steps that run it. What isn't supported is an error with the server's message
//! and its position in the text.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::flux::{Argument, Expr, Node};
use super::time;
use super::token::{Span, unit_nanos};

/// One pipeline: `from |> range |> … |> yield`.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The result's name.
    pub name: String,
    pub bucket: String,
    /// Start and stop in nanoseconds, the stop not included.
    pub range: Option<(i64, i64)>,
    pub steps: Vec<Step>,
}

/// The transformations of the tables, in order.
#[derive(Debug)]
pub(crate) enum Step {
    Filter(Predicate),
    Last,
    Limit(usize),
    /// Fields into columns, one row per time.
    Pivot,
    /// Old and new names of columns.
    Rename(Vec<(String, String)>),
    Drop(Vec<String>),
}

/// A condition on `_measurement`, `_field` and tags.
#[derive(Debug)]
pub(crate) enum Predicate {
    /// A column is (or is not) this text.
    Is(String, bool, String),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Predicate {
    /// In Flux's logic of three values: a column that is not there is neither equal nor unequal.
    pub(crate) fn holds(&self, column: &impl Fn(&str) -> Option<String>) -> Option<bool> {
        match self {
            Self::Is(name, equal, text) => column(name).map(|value| (value == *text) == *equal),
            Self::And(a, b) => match (a.holds(column), b.holds(column)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.holds(column), b.holds(column)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

/// A value: a literal of the query or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    String(String),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Boolean(bool),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
    Array(Vec<Self>),
    /// A value of a kind that no step supports.
    Other(&'static str),
}

impl Literal {
    fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Integer(_) => "int",
            Self::Unsigned(_) => "uint",
            Self::Float(_) => "float",
            Self::Boolean(_) => "bool",
            Self::Time(_) => "time",
            Self::Duration(_) => "duration",
            Self::Array(_) => "array",
            Self::Other(kind) => kind,
        }
    }

    fn negative(self) -> Option<Self> {
        match self {
            Self::Integer(v) => v.checked_neg().map(Self::Integer),
            Self::Duration(v) => v.checked_neg().map(Self::Duration),
            Self::Float(v) => Some(Self::Float(-v)),
            _ => None,
        }
    }
}

/// The value of `params.name`.
pub(crate) type Params = BTreeMap<String, Literal>;

/// The planner: the parameters of a request, and its one `now()`.
pub(crate) struct Planner {
    pub params: Option<Params>,
    pub now: i64,
}

impl Planner {
    pub(crate) fn plan(&self, statement: &Node) -> Result<Plan, String> {
        let mut calls = Vec::new();
        let mut rest = statement;
        while let Expr::Pipe(left, right) = &rest.expr {
            calls.push(&**right);
            rest = left;
        }
        let (name, source) = call(rest)?;
        if name != "from" {
            return undefined(name, rest);
        }
        let mut plan = Plan {
            name: "_result".to_owned(),
            bucket: self.string(source.one("bucket")?)?,
            range: None,
            steps: Vec::new(),
        };
        for node in calls.into_iter().rev() {
            self.step(node, &mut plan)?;
        }
        Ok(plan)
    }

    fn step(&self, node: &Node, plan: &mut Plan) -> Result<(), String> {
        let (name, arguments) = call(node)?;
        match name {
            "range" => {
                arguments.only(&["start", "stop"])?;
                let start = self.instant(arguments.required("start")?)?;
                let stop = match arguments.get("stop") {
                    Some(value) => self.instant(value)?,
                    None => self.now,
                };
                plan.range = Some((start, stop));
            }
            "filter" => {
                let predicate = arguments.one("fn")?;
                let Expr::Function(row, body) = &predicate.expr else {
                    return wrong(predicate.span, "expected a function of one row");
                };
                plan.steps.push(Step::Filter(self.predicate(row, body)?));
            }
            "last" => {
                arguments.only(&[])?;
                plan.steps.push(Step::Last);
            }
            "limit" => {
                let n = arguments.one("n")?;
                match self.literal(n)? {
                    Literal::Integer(count) if count > 0 => {
                        let count = usize::try_from(count).unwrap_or(usize::MAX);
                        plan.steps.push(Step::Limit(count));
                    }
                    other => return mismatch(n.span, "int", &other),
                }
            }
            "pivot" => {
                arguments.only(&["rowKey", "columnKey", "valueColumn"])?;
                let list = |text: &str| Literal::Array(vec![Literal::String(text.to_owned())]);
                for (name, only) in [
                    ("rowKey", list("_time")),
                    ("columnKey", list("_field")),
                    ("valueColumn", Literal::String("_value".to_owned())),
                ] {
                    let value = arguments.required(name)?;
                    if self.literal(value)? != only {
                        return wrong(value.span, "only fields can be pivoted, by their time");
                    }
                }
                plan.steps.push(Step::Pivot);
            }
            "rename" => {
                let columns = arguments.one("columns")?;
                let Expr::Record(members) = &columns.expr else {
                    return wrong(columns.span, "expected a record");
                };
                let names = members
                    .iter()
                    .map(|member| Ok((member.name.clone(), self.string(&member.value)?)));
                plan.steps
                    .push(Step::Rename(names.collect::<Result<_, String>>()?));
            }
            "drop" => {
                let columns = arguments.one("columns")?;
                let Expr::Array(items) = &columns.expr else {
                    return wrong(columns.span, "expected an array");
                };
                let names = items.iter().map(|item| self.string(item));
                plan.steps
                    .push(Step::Drop(names.collect::<Result<_, _>>()?));
            }
            "yield" => plan.name = self.string(arguments.one("name")?)?,
            other => return undefined(other, node),
        }
        Ok(())
    }

    fn predicate(&self, row: &str, node: &Node) -> Result<Predicate, String> {
        let Expr::Binary(sign, left, right) = &node.expr else {
            return wrong(node.span, "expected a comparison");
        };
        let pair = |a, b| (Box::new(a), Box::new(b));
        if matches!(*sign, "and" | "or") {
            let (left, right) = pair(self.predicate(row, left)?, self.predicate(row, right)?);
            return Ok(match *sign {
                "and" => Predicate::And(left, right),
                _ => Predicate::Or(left, right),
            });
        }
        let column = match &left.expr {
            Expr::Member(record, label) => match &record.expr {
                Expr::Name(name) if name == row => label,
                _ => return wrong(left.span, "expected a column of the row"),
            },
            _ => return wrong(left.span, "expected a column of the row"),
        };
        if column == "_value" || column == "_time" {
            return wrong(
                left.span,
                "only _measurement, _field and tags can be compared",
            );
        }
        let text = self.string(right)?;
        Ok(Predicate::Is(column.clone(), *sign == "==", text))
    }

    fn string(&self, node: &Node) -> Result<String, String> {
        match self.literal(node)? {
            Literal::String(text) => Ok(text),
            other => mismatch(node.span, "string", &other),
        }
    }

    /// A time: absolute, relative to now, or an integer of seconds.
    fn instant(&self, node: &Node) -> Result<i64, String> {
        let out_of_range = || format!("error @{}: time out of range", node.span);
        match self.literal(node)? {
            Literal::Time(nanos) => Ok(nanos),
            Literal::Duration(nanos) => self.now.checked_add(nanos).ok_or_else(out_of_range),
            Literal::Integer(seconds) => {
                seconds.checked_mul(1_000_000_000).ok_or_else(out_of_range)
            }
            other => mismatch(node.span, "time", &other),
        }
    }

    fn literal(&self, node: &Node) -> Result<Literal, String> {
        Ok(match &node.expr {
            Expr::String(text) => Literal::String(text.clone()),
            Expr::Integer(value) => Literal::Integer(*value),
            Expr::Float(value) => Literal::Float(*value),
            Expr::Duration(nanos) => Literal::Duration(*nanos),
            Expr::Time(nanos) => Literal::Time(*nanos),
            Expr::Name(name) if name == "true" => Literal::Boolean(true),
            Expr::Name(name) if name == "false" => Literal::Boolean(false),
            Expr::Array(items) => {
                let items = items.iter().map(|item| self.literal(item));
                Literal::Array(items.collect::<Result<_, _>>()?)
            }
            Expr::Negative(inner) => match self.literal(inner)?.negative() {
                Some(literal) => literal,
                None => return wrong(node.span, "cannot be negative"),
            },
            Expr::Member(record, label) => {
                let params = match (&record.expr, &self.params) {
                    (Expr::Name(name), Some(params)) if name == "params" => params,
                    (Expr::Name(name), _) => return undefined(name, record),
                    _ => return wrong(record.span, "expected a record"),
                };
                match params.get(label) {
                    Some(literal) => literal.clone(),
                    None => return wrong(node.span, &format!("record is missing label {label}")),
                }
            }
            Expr::Call(callee, arguments) => match &callee.expr {
                Expr::Name(name) if name == "now" && arguments.is_empty() => {
                    Literal::Time(self.now)
                }
                Expr::Name(name) => return undefined(name, callee),
                _ => return wrong(node.span, "expected a value"),
            },
            Expr::Name(name) => return undefined(name, node),
            _ => return wrong(node.span, "expected a value"),
        })
    }
}

/// A call's arguments.
struct Arguments<'a> {
    all: &'a [Argument],
    call: Span,
}

impl<'a> Arguments<'a> {
    fn get(&self, name: &str) -> Option<&'a Node> {
        let found = self.all.iter().find(|argument| argument.name == name);
        found.map(|argument| &argument.value)
    }

    fn required(&self, name: &str) -> Result<&'a Node, String> {
        self.get(name)
            .ok_or_else(|| format!("error @{}: missing required argument {name}", self.call))
    }

    fn only(&self, names: &[&str]) -> Result<(), String> {
        let mut all = self.all.iter();
        match all.find(|argument| !names.contains(&argument.name.as_str())) {
            Some(other) => {
                let words = format!("found unexpected argument {}", other.name);
                wrong(other.span, &words)
            }
            None => Ok(()),
        }
    }

    /// The value of the one argument this call takes.
    fn one(&self, name: &str) -> Result<&'a Node, String> {
        self.only(&[name])?;
        self.required(name)
    }
}

fn call(node: &Node) -> Result<(&str, Arguments<'_>), String> {
    match &node.expr {
        Expr::Call(callee, all) => match &callee.expr {
            Expr::Name(name) => {
                let call = node.span;
                Ok((name, Arguments { all, call }))
            }
            _ => wrong(node.span, "expected the name of a function"),
        },
        Expr::Name(name) => undefined(name, node),
        _ => wrong(node.span, "expected a call"),
    }
}

fn undefined<T>(name: &str, node: &Node) -> Result<T, String> {
    let span = match &node.expr {
        Expr::Call(callee, _) => callee.span,
        _ => node.span,
    };
    wrong(span, &format!("undefined identifier {name}"))
}

fn mismatch<T>(span: Span, expected: &str, found: &Literal) -> Result<T, String> {
    wrong(
        span,
        &format!("expected {expected} but found {}", found.kind()),
    )
}

fn wrong<T>(span: Span, words: &str) -> Result<T, String> {
    Err(format!("error @{span}: {words}"))
}

/// The parameters in a request's `extern`: a file of Flux as a tree, with a statement
/// `option params = {…}`. `None` if it is not such a file.
pub(crate) fn params(file: &Json) -> Option<Params> {
    if file["type"] != "File" {
        return None;
    }
    let mut statements = file["body"].as_array()?.iter();
    let Some(statement) = statements.find(|statement| {
        statement["type"] == "OptionStatement" && statement["assignment"]["id"]["name"] == "params"
    }) else {
        return Some(Params::new());
    };
    let record = &statement["assignment"]["init"];
    let properties = record["properties"].as_array()?.iter().map(|property| {
        let key = &property["key"];
        let name = key["name"].as_str().or_else(|| key["value"].as_str())?;
        Some((name.to_owned(), extern_literal(&property["value"])?))
    });
    properties.collect()
}

/// Integers come as text, floats as numbers, as in the syntax tree of Flux.
fn extern_literal(node: &Json) -> Option<Literal> {
    let value = &node["value"];
    Some(match node["type"].as_str()? {
        "StringLiteral" => Literal::String(value.as_str()?.to_owned()),
        "IntegerLiteral" => Literal::Integer(value.as_str()?.parse().ok()?),
        "UnsignedIntegerLiteral" => Literal::Unsigned(value.as_str()?.parse().ok()?),
        "FloatLiteral" => Literal::Float(value.as_f64()?),
        "BooleanLiteral" => Literal::Boolean(value.as_bool()?),
        "DateTimeLiteral" => Literal::Time(time::parse(value.as_str()?)?),
        "DurationLiteral" => {
            let mut parts = node["values"].as_array()?.iter();
            let total = parts.try_fold(0_i64, |total, part| {
                let unit = unit_nanos(part["unit"].as_str()?)?;
                total.checked_add(part["magnitude"].as_i64()?.checked_mul(unit)?)
            });
            Literal::Duration(total?)
        }
        "UnaryExpression" if node["operator"] == "-" => {
            extern_literal(&node["argument"])?.negative()?
        }
        "CallExpression" if node["callee"]["name"] == "uint" => {
            let argument = &node["arguments"][0]["properties"][0];
            match (
                argument["key"]["name"].as_str()?,
                extern_literal(&argument["value"])?,
            ) {
                ("v", Literal::String(text)) => Literal::Unsigned(text.parse().ok()?),
                _ => return None,
            }
        }
        "ArrayExpression" => {
            let items = node["elements"].as_array()?.iter().map(extern_literal);
            Literal::Array(items.collect::<Option<_>>()?)
        }
        "RegexpLiteral" => Literal::Other("regexp"),
        "ObjectExpression" => Literal::Other("record"),
        "DictExpression" => Literal::Other("dictionary"),
        "CallExpression" if node["callee"]["name"] == "bytes" => Literal::Other("bytes"),
        _ => return None,
    })
}
