//! Modules made byte by byte, for what is too much for the text format.

/// A module that has no types but `() -> ()`, an entry, a memory, and these
/// functions, each with so many locals.
pub fn module(functions: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let entry = (0, Vec::new());
    let all: Vec<_> = functions.iter().chain([&entry]).collect();
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &[1, 0x60, 0, 0]);
    let mut types = number(all.len());
    types.resize(types.len() + all.len(), 0);
    section(&mut module, 3, &types);
    section(&mut module, 5, &[1, 0, 1]);
    let mut exports = vec![2];
    exports.extend(b"\x06memory\x02\0");
    exports.extend(b"\x11insula:entry/main\0");
    exports.extend(number(functions.len()));
    section(&mut module, 7, &exports);
    let mut code = number(all.len());
    for (locals, body) in all {
        let mut whole = vec![1];
        whole.extend(number(*locals));
        whole.push(0x7f);
        whole.extend(body);
        whole.push(0x0b);
        code.extend(number(whole.len()));
        code.extend(whole);
    }
    section(&mut module, 10, &code);
    module
}

pub fn section(module: &mut Vec<u8>, kind: u8, content: &[u8]) {
    module.push(kind);
    module.extend(number(content.len()));
    module.extend(content);
}

/// A number as WebAssembly writes it.
pub fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A body that uses each of so many locals once, and forks so often: 4 and 5 bytes
/// for each.
pub fn locals_and_forks(locals: usize, forks: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for local in 0..locals {
        body.push(0x20);
        body.extend(number(local));
        body.push(0x1a);
    }
    body.extend([0x20, 0, 0x04, 0x40, 0x0b].repeat(forks));
    body
}
