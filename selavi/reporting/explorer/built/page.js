"use strict";
(() => {
  // node_modules/preact/dist/preact.mjs
  var n;
  var t;
  var r;
  var u;
  var i;
  var f;
  var o;
  var e;
  var l;
  var c;
  var a;
  var s;
  var h = /* @__PURE__ */ Symbol.for("pv");
  var p = {};
  var y = [];
  var v = /^m(i|n|o|s|text|space)$/;
  var w = Array.isArray;
  var d = y.slice;
  var _ = Object.assign;
  function g(n3) {
    n3 && n3.parentNode && n3.remove();
  }
  function k(n3, t4, r4) {
    var u4, i4, f5, o5 = {}, e4 = arguments.length;
    for (f5 in t4) "key" == f5 ? u4 = t4[f5] : "ref" == f5 && "function" != typeof n3 ? i4 = t4[f5] : o5[f5] = t4[f5];
    return e4 > 2 && (o5.children = e4 > 3 ? d.call(arguments, 2) : r4), m(n3, o5, u4, i4, null);
  }
  function m(r4, u4, i4, f5, o5) {
    var e4 = { type: r4, props: u4, key: i4, ref: f5, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: h, __v: o5 || ++t, __i: -1, __u: 0 };
    return !o5 && n.vnode && n.vnode(e4), e4;
  }
  function $(n3) {
    return n3.children;
  }
  function x(n3, t4) {
    this.props = n3, this.context = t4, this.__g = 0;
  }
  function S(n3, t4) {
    if (null == t4) return n3.__ && S(n3.__, n3.__i + 1);
    for (var r4; t4 < n3.__k.length; t4++) if ((r4 = n3.__k[t4]) && r4.__e) return r4.__e;
    return "function" != typeof n3.type || n3.props.__P ? null : S(n3);
  }
  function C(t4) {
    var r4, u4 = t4.__v, i4 = u4.__e, f5 = [], o5 = [], e4 = t4.__P;
    e4 && ((r4 = _({ constructor: h }, u4)).__v = u4.__v + 1, n.vnode && n.vnode(r4), z(e4, r4, u4, t4.__n, e4.namespaceURI, 32 & u4.__u ? [i4] : null, f5, i4 || S(u4), 32 & u4.__u, o5), r4.__v = u4.__v, r4.__.__k[r4.__i] = r4, E(f5, r4, o5), u4.__ = u4.__e = null, r4.__e != i4 && j(r4));
  }
  function j(n3) {
    if ((n3 = n3.__) && n3.__c && !n3.props.__P) return n3.__e = null, n3.__k.some(function(t4) {
      return t4 && (n3.__e = t4.__e);
    }), j(n3);
  }
  function L(t4) {
    (8 & t4.__g || (t4.__g |= 8, u.push(t4), f++)) && i == n.debounceRendering || ((i = n.debounceRendering) || queueMicrotask)(H);
  }
  function H() {
    try {
      for (var n3, t4 = 1; u.length; ) u.length > t4 && u.sort(o), n3 = u.shift(), t4 = u.length, 8 & n3.__g && C(n3);
    } finally {
      (f = u.length) && (i || queueMicrotask)(H);
    }
  }
  function I(n3, t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
    var s4, h5, v4, w5, d5, _4, g5 = u4.__k || y, k4 = t4.length;
    for (l4 = q(r4, t4, g5, l4, k4), s4 = 0; s4 < k4; s4++) null != (v4 = r4.__k[s4]) && (h5 = ~v4.__i && g5[v4.__i] || p, v4.__i = s4, _4 = z(n3, v4, h5, i4, f5, o5, e4, l4, c4, a5), w5 = v4.__e, (h5.ref != v4.ref || 8 & h5.__u) && (h5.ref && G(h5.ref, null, v4, h5), v4.ref && a5.push(v4.ref, v4.__c || w5, v4)), d5 = d5 || w5, 4 & v4.__u ? (l4 = A(v4, l4, n3, !h5.__v), h5.__e && (h5.__e = null)) : "function" == typeof v4.type && void 0 !== _4 ? l4 = _4 : w5 && (l4 = w5.nextSibling), v4.__u &= -21);
    return r4.__e = d5, l4;
  }
  function q(n3, t4, r4, u4, i4) {
    var f5, o5, e4, l4, c4, a5, s4, p5, y5, v4 = r4.length, d5 = v4, _4 = 0, g5 = 0, k4 = n3.__k = Array(i4);
    for (f5 = 0; f5 < i4; f5++) null != (o5 = t4[f5]) && "boolean" != typeof o5 && "function" != typeof o5 ? ("object" != typeof o5 || o5.constructor === String ? o5 = k4[f5] = m(null, o5) : w(o5) ? o5 = k4[f5] = m($, { children: o5 }) : o5.constructor === h && o5.__b ? o5 = k4[f5] = m(o5.type, o5.props, o5.key, o5.ref, o5.__v) : k4[f5] = o5, l4 = f5 + _4, o5.__ = n3, o5.__b = n3.__b + 1, e4 = null, ~(c4 = o5.__i = P(o5, r4, l4, d5)) && (d5--, (e4 = r4[c4]) && (e4.__u |= 2)), e4 && e4.__v ? (o5.__u |= 16, c4 == l4 - 1 ? _4-- : c4 == l4 + 1 ? _4++ : c4 != l4 && (c4 > l4 ? _4-- : _4++, g5 = 1)) : (~c4 || (i4 > v4 ? _4-- : i4 < v4 && _4++), "function" != typeof o5.type && (o5.__u |= 4))) : k4[f5] = null;
    if (g5) {
      for (a5 = [], s4 = [], f5 = 0; f5 < i4; f5++) if ((o5 = k4[f5]) && 16 & o5.__u) {
        for (_4 = 0, p5 = a5.length; _4 < p5; ) a5[y5 = _4 + p5 >> 1] < o5.__i ? _4 = y5 + 1 : p5 = y5;
        a5[_4] = o5.__i, s4[f5] = _4 + 1;
      }
      for (_4 = a5.length; f5--; ) s4[f5] && (s4[f5] == _4 ? _4-- : k4[f5].__u |= 4);
    }
    if (d5) for (f5 = 0; f5 < v4; f5++) !(e4 = r4[f5]) || 2 & e4.__u || (e4.__e == u4 && (u4 = S(e4)), J(e4, e4));
    return u4;
  }
  function A(n3, t4, r4, u4) {
    var i4, f5, o5, e4;
    if ("function" == typeof n3.type) {
      if (n3.props.__P) return t4;
      if (i4 = n3.__k) for (f5 = 0; f5 < i4.length; f5++) i4[f5] && (i4[f5].__ = n3, t4 = A(i4[f5], t4, r4, false));
      return t4;
    }
    for (t4 && !t4.parentNode && (t4 = S(n3)) && !t4.parentNode && (t4 = null), o5 = n3.__e, e4 = t4; e4 && 8 == e4.nodeType; ) e4 = e4.nextSibling;
    for (o5 != e4 && (!u4 && r4.moveBefore && o5.parentNode ? r4.moveBefore(o5, t4) : r4.insertBefore(o5, t4 || null)), t4 = o5; (t4 = t4 && t4.nextSibling) && 8 == t4.nodeType && !t4.data.startsWith("$s"); ) ;
    return t4;
  }
  function P(n3, t4, r4, u4) {
    var i4, f5 = n3.key, o5 = n3.type, e4 = t4[r4], l4 = e4 && !(2 & e4.__u);
    if (null === e4 && null == f5 || l4 && f5 == e4.key && o5 == e4.type) return r4;
    if (u4 > (l4 ? 1 : 0)) {
      for (i4 = r4 - 1; i4 >= 0; i4--) if ((e4 = t4[i4]) && !(2 & e4.__u) && f5 == e4.key && o5 == e4.type) return i4;
      for (i4 = r4 + 1; i4 < t4.length; i4++) if ((e4 = t4[i4]) && !(2 & e4.__u) && f5 == e4.key && o5 == e4.type) return i4;
    }
    return -1;
  }
  function T(n3, t4, r4) {
    null == r4 && (r4 = ""), "-" == t4[0] ? n3.setProperty(t4, r4) : n3[t4] = r4;
  }
  function N(n3, t4, r4, u4, i4) {
    var f5, o5;
    if ("style" == t4) if ("string" == typeof r4) n3.style.cssText = r4;
    else {
      if ("string" == typeof u4 && (n3.style.cssText = u4 = ""), u4) for (t4 in u4) r4 && t4 in r4 || T(n3.style, t4);
      if (r4) for (t4 in r4) u4 && r4[t4] == u4[t4] || T(n3.style, t4, r4[t4]);
    }
    else if ("o" == t4[0] && "n" == t4[1]) "function" != typeof r4 && (r4 = null), "function" != typeof u4 && (u4 = null), (n3.__e || (n3.__e = {}))[t4] = r4, r4 && u4 || (o5 = a[t4] || (a[t4] = V(t4)), (n3.__a || (n3.__a = {}))[t4] = c, f5 = t4 != (t4 = t4.replace(l, "$1")), (t4 = t4.slice(2))[0] < "a" && (t4 = t4.toLowerCase()), r4 ? n3.addEventListener(t4, o5, f5) : n3.removeEventListener(t4, o5, f5));
    else {
      if ("http://www.w3.org/2000/svg" == i4) t4 = t4.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
      else if ("width" != t4 && "height" != t4 && "href" != t4 && "list" != t4 && "form" != t4 && "tabIndex" != t4 && "download" != t4 && "rowSpan" != t4 && "colSpan" != t4 && "role" != t4 && "popover" != t4 && t4 in n3) try {
        return void (n3[t4] = null == r4 ? "" : r4);
      } catch (n4) {
      }
      if ("function" == typeof r4) return;
      null == r4 || false === r4 && "-" != t4[4] ? n3.removeAttribute(t4) : n3.setAttribute(t4, "popover" == t4 && 1 == r4 ? "" : r4);
    }
  }
  function V(t4) {
    return function(r4) {
      var u4 = this.__e;
      if (u4) {
        if (u4 = u4[t4], null == r4[e]) r4[e] = c++;
        else if (r4[e] < this.__a[t4]) return;
        return u4(n.event ? n.event(r4) : r4);
      }
    };
  }
  function z(t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
    var s4, p5, v4, d5, k4, b3, m5, M2, C3, j3, L2, H2, q2, A4, O2, P2, T4, N2, V2 = r4.type;
    if (r4.constructor !== h) return null;
    128 & u4.__u && (c4 = 32 & u4.__u, s4 = u4.__c.__z) && (r4.__u |= c4, p5 = o5 = [], 8 == s4.nodeType ? l4 = B(s4, o5) : o5.push(s4), l4 = o5[0] || l4), (s4 = n.__b) && s4(r4);
    n: if ("function" == typeof V2) {
      v4 = e4.length;
      try {
        if (M2 = r4.props, C3 = (s4 = V2.prototype) && s4.render, j3 = (s4 = V2.contextType) && i4[s4.__c], L2 = s4 ? j3 ? j3.props.value : s4.__ : i4, (d5 = u4.__c) ? (r4.__c = d5, 2 & d5.__g && (d5.__g |= 1)) : (C3 ? r4.__c = d5 = new V2(M2, L2) : (r4.__c = d5 = new x(M2, L2), d5.constructor = V2, d5.render = K), j3 && j3.sub(d5), d5.state || (d5.state = {}), d5.__n = i4, d5.__g |= 8, d5.__h = [], d5.__k = []), C3 && (d5.__s || (d5.__s = d5.state), V2.getDerivedStateFromProps && (d5.__s == d5.state && (d5.__s = _({}, d5.__s)), _(d5.__s, V2.getDerivedStateFromProps(M2, d5.__s)))), k4 = d5.props, b3 = d5.state, d5.__v = r4, u4.__c) {
          if (M2 !== k4 && C3 && !V2.getDerivedStateFromProps && d5.componentWillReceiveProps && d5.componentWillReceiveProps(M2, L2), r4.__v == u4.__v && !(8 & d5.__g) || !(4 & d5.__g) && d5.shouldComponentUpdate && false === d5.shouldComponentUpdate(M2, d5.__s, L2)) {
            r4.__v != u4.__v && (d5.props = M2, d5.state = d5.__s, d5.__g &= -9), r4.__e = u4.__e, r4.__k = u4.__k, r4.__k.some(function(n3) {
              n3 && (n3.__ = r4);
            }), y.push.apply(d5.__h, d5.__k), d5.__k = [], d5.__h.length && e4.push(d5), l4 = S(u4);
            break n;
          }
          d5.componentWillUpdate && d5.componentWillUpdate(M2, d5.__s, L2), C3 && d5.componentDidUpdate && d5.__h.push(function() {
            d5.componentDidUpdate(k4, b3, m5);
          });
        } else C3 && !V2.getDerivedStateFromProps && d5.componentWillMount && d5.componentWillMount(), C3 && d5.componentDidMount && d5.__h.push(d5.componentDidMount);
        d5.context = L2, d5.props = M2, d5.__P = t4, d5.__g &= -5, H2 = n.__r, q2 = C3 ? 25 : 0;
        do {
          d5.__g &= -9, H2 && H2(r4), s4 = d5.render(d5.props, d5.state = d5.__s, d5.context);
        } while (8 & d5.__g && ++q2 < 25);
        C3 && (y.push.apply(d5.__h, d5.__k), d5.__k = []), d5.state = d5.__s, d5.getChildContext && (i4 = _({}, i4, d5.getChildContext())), C3 && u4.__c && d5.getSnapshotBeforeUpdate && (m5 = d5.getSnapshotBeforeUpdate(k4, b3)), A4 = s4 && s4.type === $ && null == s4.key ? s4.props.children : s4, M2.__P && (s4 = l4, f5 = (t4 = M2.__P).namespaceURI, c4 = o5 = null, u4.props && u4.props.__P != t4 && (u4.__k.some(function(n3) {
          n3 && J(n3, n3);
        }), u4.__k = null), l4 = u4.__k ? S(u4, 0) : null), l4 = I(t4, w(A4) ? A4 : [A4], r4, u4, i4, f5, o5, e4, l4, c4, a5), M2.__P && (r4.__e = null, l4 = s4), r4.__u &= -161, p5 && p5.some(g), d5.__h.length && e4.push(d5), 1 & d5.__g && (d5.__g &= -4);
      } catch (t5) {
        if (e4.length = v4, r4.__v = null, c4 || o5) if (t5 && t5.then) {
          if (r4.__u |= 128 | c4, o5) {
            for (~(T4 = o5.indexOf(l4 || void 0)) || (T4 = o5.length); (N2 = o5[T4 - 1]) && 8 == N2.nodeType; ) T4--;
            for (; T4 < o5.length; T4++) if (N2 = o5[T4]) if (o5[T4] = null, O2) {
              if (N2 == P2) break;
            } else {
              if (8 != N2.nodeType) break;
              N2.data.startsWith("$s") && (P2 = B(O2 = N2));
            }
          }
          if (!O2) {
            for (; l4 && 8 == l4.nodeType && l4.nextSibling; ) l4 = l4.nextSibling;
            O2 = l4;
          }
          (s4 = B(O2 = r4.__c.__z || (r4.__c.__z = O2))) ? (r4.__e = O2, l4 = s4) : r4.__e = l4, l4 = l4 && l4.nextSibling;
        } else o5 && o5.some(g);
        else r4.__e = u4.__e;
        r4.__k || (r4.__k = u4.__k || []), t5 && t5.then || D(r4), n.__e(t5, r4, u4);
      }
    } else l4 = r4.__e = F(u4.__e, r4, u4, i4, f5, o5, e4, c4, a5, t4);
    return (s4 = n.diffed) && s4(r4), l4;
  }
  function B(n3, t4) {
    if (n3 && 8 == n3.nodeType && n3.data.startsWith("$s")) for (var r4 = 1; n3 = n3.nextSibling; ) {
      if (8 == n3.nodeType) {
        if (n3.data.startsWith("$s")) r4++;
        else if (n3.data.startsWith("/$s") && !--r4) return n3;
      }
      t4 && t4.push(n3);
    }
  }
  function D(n3) {
    n3 && (n3.__c && (n3.__c.__g |= 4), n3.__k && n3.__k.some(D));
  }
  function E(t4, r4, u4) {
    for (var i4 = 0; i4 < u4.length; ) G(u4[i4++], u4[i4++], u4[i4++]);
    n.__c && n.__c(r4, t4), t4.some(function(r5) {
      try {
        t4 = r5.__h, r5.__h = [], t4.some(function(n3) {
          n3.call(r5);
        });
      } catch (t5) {
        n.__e(t5, r5.__v);
      }
    });
  }
  function F(t4, r4, u4, i4, f5, o5, e4, l4, c4, a5) {
    var s4, h5, y5, _4, k4, b3, m5, M2, $2 = u4.props || p, x3 = r4.props, C3 = r4.type;
    if ("svg" == C3 ? f5 = "http://www.w3.org/2000/svg" : "math" == C3 ? f5 = "http://www.w3.org/1998/Math/MathML" : f5 || (f5 = "http://www.w3.org/1999/xhtml"), o5) {
      for (s4 = 0; s4 < o5.length; s4++) if ((k4 = o5[s4]) && (C3 ? k4.localName == C3 : 3 == k4.nodeType)) {
        t4 = k4, o5[s4] = null;
        break;
      }
    }
    if (!t4) {
      if (M2 = a5.ownerDocument || document, !C3) return M2.createTextNode(x3);
      t4 = M2.createElementNS(f5, C3, x3.is ? x3 : a5), l4 && (n.__m && n.__m(r4, o5), l4 = false), o5 = null;
    }
    if (C3) {
      if (a5 = "template" == C3 && t4.content || t4, o5 = "textarea" == C3 && null != x3.defaultValue ? null : o5 && d.call(a5.childNodes), !l4 && o5) for ($2 = {}, s4 = 0; s4 < t4.attributes.length; s4++) $2[(k4 = t4.attributes[s4]).name] = k4.value;
      for (s4 in $2) k4 = $2[s4], "dangerouslySetInnerHTML" == s4 ? y5 = k4 : "children" == s4 || s4 in x3 || "value" == s4 && "defaultValue" in x3 || "checked" == s4 && "defaultChecked" in x3 || N(t4, s4, null, k4, f5);
      for (s4 in x3) k4 = x3[s4], "children" == s4 ? _4 = k4 : "dangerouslySetInnerHTML" == s4 ? h5 = k4 : "value" == s4 ? b3 = k4 : "checked" == s4 ? m5 = k4 : l4 && "function" != typeof k4 || $2[s4] === k4 || N(t4, s4, k4, $2[s4], f5);
      h5 ? (l4 || y5 && (h5.__html == y5.__html || h5.__html == t4.innerHTML) || (t4.innerHTML = h5.__html), r4.__k = []) : (y5 && (t4.textContent = ""), ("foreignObject" == C3 || "http://www.w3.org/1998/Math/MathML" == f5 && v.test(C3)) && (f5 = "http://www.w3.org/1999/xhtml"), I(a5, w(_4) ? _4 : [_4], r4, u4, i4, f5, o5, e4, o5 ? o5[0] : u4.__k && S(u4, 0), l4, c4), o5 && o5.some(g)), l4 && "textarea" != C3 || (s4 = "value", "progress" == C3 && null == b3 ? t4.removeAttribute(s4) : null == b3 || b3 === t4[s4] && ("progress" != C3 || b3) || N(t4, s4, b3, $2[s4], f5), s4 = "checked", null != m5 && m5 != t4[s4] && N(t4, s4, m5, $2[s4], f5));
    } else $2 === x3 || l4 && t4.data == x3 || (t4.data = x3);
    return t4;
  }
  function G(t4, r4, u4, i4) {
    try {
      "function" == typeof t4 ? r4 ? r4.__x = t4(r4) || 1 : i4 && (i4 = i4.__c || i4.__e) && (r4 = i4.__x) && (i4.__x = null, "function" == typeof r4 ? r4() : t4(null)) : t4.current = r4;
    } catch (t5) {
      n.__e(t5, u4);
    }
  }
  function J(t4, r4, u4) {
    var i4, f5, o5, e4;
    if (n.unmount && n.unmount(t4), !(i4 = t4.ref) || i4.current && i4.current != t4.__e || G(i4, null, r4, t4), i4 = t4.__c) {
      if (i4.componentWillUnmount) try {
        i4.componentWillUnmount();
      } catch (t5) {
        n.__e(t5, r4);
      }
      i4.__P = i4.__n = null;
    }
    if (i4 = t4.__k) for (e4 = 0; e4 < i4.length; e4++) i4[e4] && J(i4[e4], r4, "function" != typeof t4.type || u4 && !t4.props.__P);
    !u4 && (i4 = t4.__c) && (i4 = i4.__z) && (f5 = B(i4, o5 = [])) && (i4 == t4.__e && o5.some(g), g(f5), g(i4)), u4 || g(t4.__e), t4.__e = t4.__c = t4.__ = null;
  }
  function K(n3, t4, r4) {
    return this.constructor(n3, r4);
  }
  function Q(t4, r4) {
    var u4, i4, f5, o5;
    n.__ && n.__(t4, r4), 9 == r4.nodeType && (r4 = r4.documentElement), i4 = (u4 = t4 && 32 & t4.__u) ? null : r4.__k, r4.__k = m($, { children: [t4] }), f5 = [], o5 = [], z(r4, r4.__k, i4 || p, p, r4.namespaceURI, i4 ? null : r4.firstChild ? d.call(r4.childNodes) : null, f5, i4 ? i4.__e : r4.firstChild, u4, o5), E(f5, r4.__k, o5), r4.__k.props.children = null;
  }
  n = { __e: function(n3, t4, r4, u4) {
    for (var i4, o5, e4; t4 = t4.__; ) if ((i4 = t4.__c) && !(1 & i4.__g)) {
      i4.__g |= 4;
      try {
        if ((e4 = (o5 = i4.constructor) && o5.getDerivedStateFromError) && i4.setState(o5.getDerivedStateFromError(n3)), i4.componentDidCatch && (i4.componentDidCatch(n3, u4 || {}), e4 = 1), e4 && 8 & i4.__g) return void (i4.__g |= 2);
      } catch (t5) {
        n3 = t5;
      }
    }
    throw f = 0, n3;
  } }, t = 0, r = function(n3) {
    return null != n3 && n3.constructor === h;
  }, x.prototype.setState = function(n3, t4) {
    var r4 = this.__s;
    r4 && r4 != this.state || (r4 = this.__s = _({}, this.state)), "function" == typeof n3 && (n3 = n3(_({}, r4), this.props)), n3 && (_(r4, n3), this.__v && (t4 && this.__k.push(t4), L(this)));
  }, x.prototype.forceUpdate = function(n3) {
    this.__v && (this.__g |= 4, n3 && this.__h.push(n3), L(this));
  }, x.prototype.render = $, u = [], f = 0, o = function(n3, t4) {
    return n3.__v.__b - t4.__v.__b;
  }, e = /* @__PURE__ */ Symbol(), l = /(PointerCapture)$|Capture$/i, c = 0, a = {}, s = 0;

  // node_modules/preact/hooks/dist/hooks.mjs
  var t2;
  var r2;
  var u2;
  var i2;
  var o2 = Object.is;
  var f2 = 0;
  var c2 = [];
  var e2 = [];
  var a2 = n;
  var v2 = a2.__b;
  var l2 = a2.__r;
  var m2 = a2.diffed;
  var h2 = a2.__c;
  var s2 = a2.unmount;
  var p2 = a2.__;
  function y2(n3, t4) {
    a2.__h && a2.__h(r2, n3, f2 || t4), f2 = 0;
    var u4 = r2.__H || (r2.__H = { __: [], __h: [] });
    return n3 >= u4.__.length && u4.__.push({}), u4.__[n3];
  }
  function d2(n3) {
    return f2 = 1, _2(G2, n3);
  }
  function _2(n3, u4, i4) {
    var f5 = y2(t2++, 2);
    if (f5.t = n3, !f5.__c && (f5.__ = [i4 ? i4(u4) : G2(void 0, u4), function(n4) {
      var t4 = (f5.__N || f5.__)[0], r4 = f5.t(t4, n4);
      o2(t4, r4) || (f5.__N = [r4, f5.__[1]], f5.__c.setState({}));
    }], f5.__c = r2, !r2.__f)) {
      r2.__f = true;
      var c4 = r2.shouldComponentUpdate;
      r2.shouldComponentUpdate = function(n4, t4, r4) {
        var u5 = this.__H;
        if (!u5) return true;
        var i5 = false, f6 = this.props != n4;
        if (u5.__.some(function(n5) {
          n5.__N && (i5 = true, o2(n5.__[0], n5.__N[0]) || (f6 = true));
        }), c4) {
          var e4 = c4.call(this, n4, t4, r4);
          return i5 ? e4 || f6 : e4;
        }
        return !i5 || f6;
      };
    }
    return f5.__;
  }
  function A2(n3, u4) {
    var i4 = y2(t2++, 3);
    !a2.__s && E2(i4.__H, u4) && (i4.__P = true, i4.__ = n3, i4.u = u4, r2.__H.__h.push(i4));
  }
  function F2(n3, u4) {
    var i4 = y2(t2++, 4);
    !a2.__s && E2(i4.__H, u4) && (i4.__P = false, i4.__ = n3, i4.u = u4, r2.__h.push(i4));
  }
  function T2(n3) {
    return f2 = 5, w2(function() {
      return { current: n3 };
    }, []);
  }
  function w2(n3, r4) {
    var u4 = y2(t2++, 7);
    return E2(u4.__H, r4) && (u4.__ = n3(), u4.__H = r4), u4.__;
  }
  function g2() {
    var n3;
    do {
      for (; n3 = e2.shift(); ) try {
        C2(n3);
      } catch (t5) {
        a2.__e(t5, { __: (n3 = n3.__P) && n3.__v });
      }
      for (; n3 = c2.shift(); ) {
        var t4 = n3.__H;
        if (n3.__P && t4) try {
          t4.__h.some(C2), t4.__h.some(D2), t4.__h = [];
        } catch (r4) {
          t4.__h = [], a2.__e(r4, n3.__v);
        }
      }
    } while (e2.length);
  }
  a2.__b = function(n3) {
    r2 = null, v2 && v2(n3);
  }, a2.__ = function(n3, t4) {
    n3 && t4.__k && t4.__k.__m && (n3.__m = t4.__k.__m), p2 && p2(n3, t4);
  }, a2.__r = function(n3) {
    l2 && l2(n3), t2 = 0;
    var i4 = (r2 = n3.__c).__H;
    i4 && (u2 == r2 ? r2.__h = [] : (i4.__h.some(C2), i4.__h.some(D2), t2 = 0), i4.__h = [], i4.__.some(function(n4) {
      n4.__N && (n4.__ = n4.__N), n4.u = n4.__N = void 0;
    })), u2 = r2;
  }, a2.diffed = function(n3) {
    m2 && m2(n3);
    var t4 = n3.__c;
    t4 && t4.__H && (t4.__H.__h.length && B2(c2.push(t4)), t4.__H.__.some(function(n4) {
      n4.u && (n4.__H = n4.u);
    })), u2 = r2 = null;
  }, a2.__c = function(n3, t4) {
    t4.some(function(n4) {
      try {
        n4.__h.some(C2), n4.__h = n4.__h.filter(function(n5) {
          return !n5.__ || D2(n5);
        });
      } catch (t5) {
        n4.__h = [function() {
          throw t5;
        }];
      }
    }), h2 && h2(n3, t4);
  }, a2.unmount = function(n3) {
    s2 && s2(n3);
    var t4, r4, u4 = n3.__c;
    u4 && u4.__H && (u4.__H.__.some(function(u5) {
      try {
        if (u5.__P && u5.__c) {
          if (void 0 === r4) {
            for (r4 = n3.__; r4 && (!r4.__c || !r4.__c.__P); ) r4 = r4.__;
            r4 = r4 && r4.__c;
          }
          u5.__P = r4, B2(e2.push(u5));
        } else C2(u5);
      } catch (n4) {
        t4 = n4;
      }
    }), u4.__H = void 0, t4 && a2.__e(t4, u4.__v));
  };
  var k2 = "function" == typeof requestAnimationFrame;
  function z2(n3) {
    var t4, r4 = function() {
      clearTimeout(u4), k2 && cancelAnimationFrame(t4), setTimeout(n3);
    }, u4 = setTimeout(r4, 35);
    k2 && (t4 = requestAnimationFrame(r4));
  }
  function B2(n3) {
    1 != n3 && i2 == a2.requestAnimationFrame || ((i2 = a2.requestAnimationFrame) || z2)(g2);
  }
  function C2(n3) {
    var t4 = r2, u4 = n3.__c;
    "function" == typeof u4 && (n3.__c = void 0, u4()), r2 = t4;
  }
  function D2(n3) {
    var t4 = r2;
    n3.__c = n3.__(), r2 = t4;
  }
  function E2(n3, t4) {
    return !n3 || n3.length != t4.length || t4.some(function(t5, r4) {
      return !o2(t5, n3[r4]);
    });
  }
  function G2(n3, t4) {
    return "function" == typeof t4 ? t4(n3) : t4;
  }

  // src/data/columns.ts
  var TYPES = { int16: Int16Array, uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };
  function decode(header, content) {
    return unpack(header, content).catch((error) => {
      throw new Error(`data/${header.name}.js is damaged. Make the page again.`, { cause: error });
    });
  }
  async function unpack(header, content) {
    const letters = atob(content);
    const packed = new Uint8Array(letters.length);
    for (let place2 = 0; place2 < letters.length; place2++) packed[place2] = letters.charCodeAt(place2);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes2 = await new Response(stream).arrayBuffer();
    if (header.type === "json") return JSON.parse(new TextDecoder().decode(bytes2));
    const column2 = new TYPES[header.type](bytes2);
    const length = header.shape.reduce((product, side) => product * side, 1);
    if (column2.length !== length) throw new Error(`it has ${column2.length} values, not ${length}`);
    return column2;
  }
  var waiting = /* @__PURE__ */ new Map();
  var loaded = /* @__PURE__ */ new Map();
  function listen() {
    window.selavi = (header, content) => waiting.get(header.name)?.(decode(header, content));
  }
  function load(name) {
    let promise = loaded.get(name);
    if (!promise) {
      promise = new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = document.createElement("script");
        const fail = () => reject(new Error(`data/${name}.js cannot be read. Is the folder “data” beside the page?`));
        script.addEventListener("error", fail);
        script.addEventListener("load", () => {
          script.remove();
          fail();
        });
        script.src = `data/${name}.js`;
        document.head.append(script);
      });
      loaded.set(name, promise);
    }
    return promise;
  }

  // node_modules/@preact/signals-core/dist/signals-core.module.js
  var i3 = /* @__PURE__ */ Symbol.for("preact-signals");
  function t3() {
    if (!(v3 > 1)) {
      var i4, t4 = false;
      !(function() {
        var i5 = c3;
        c3 = void 0;
        while (void 0 !== i5) {
          var t5 = i5.S;
          if (t5.v === i5.v) {
            for (var r5 = t5.t; void 0 !== r5; r5 = r5.x) if (r5.i === i5.i) r5.i = t5.i;
          }
          i5 = i5.o;
        }
      })();
      while (void 0 !== h3) {
        var r4 = h3;
        h3 = void 0;
        s3++;
        while (void 0 !== r4) {
          var n3 = r4.u;
          r4.u = void 0;
          r4.f &= -3;
          if (!(8 & r4.f) && w3(r4)) try {
            r4.c();
          } catch (r5) {
            if (!t4) {
              i4 = r5;
              t4 = true;
            }
          }
          r4 = n3;
        }
      }
      s3 = 0;
      v3--;
      if (t4) throw i4;
    } else v3--;
  }
  function r3(i4) {
    if (v3 > 0) return i4();
    u3 = ++e3;
    v3++;
    try {
      return i4();
    } finally {
      t3();
    }
  }
  var n2;
  var o3 = void 0;
  function f3(i4) {
    var t4 = o3, r4 = n2;
    o3 = void 0;
    n2 = void 0;
    try {
      return i4();
    } finally {
      o3 = t4;
      n2 = r4;
    }
  }
  var h3 = void 0;
  var v3 = 0;
  var s3 = 0;
  var e3 = 0;
  var u3 = 0;
  var c3 = void 0;
  var a3 = 0;
  function d3(i4) {
    if (void 0 !== o3) {
      var t4 = i4.n;
      if (void 0 === t4 || t4.t !== o3) {
        t4 = { i: 0, S: i4, p: o3.s, n: void 0, t: o3, e: void 0, x: void 0, r: t4 };
        if (void 0 !== o3.s) o3.s.n = t4;
        o3.s = t4;
        i4.n = t4;
        if (32 & o3.f) i4.S(t4);
        return t4;
      } else if (-1 === t4.i) {
        t4.i = 0;
        if (void 0 !== t4.n) {
          t4.n.p = t4.p;
          if (void 0 !== t4.p) t4.p.n = t4.n;
          t4.p = o3.s;
          t4.n = void 0;
          o3.s.n = t4;
          o3.s = t4;
        }
        return t4;
      }
    }
  }
  function l3(i4, t4) {
    this.v = i4;
    this.i = 0;
    this.n = void 0;
    this.t = void 0;
    this.l = 0;
    this.W = null == t4 ? void 0 : t4.watched;
    this.Z = null == t4 ? void 0 : t4.unwatched;
    this.name = null == t4 ? void 0 : t4.name;
  }
  l3.prototype.brand = i3;
  l3.prototype.h = function() {
    return true;
  };
  l3.prototype.S = function(i4) {
    var t4 = this, r4 = this.t;
    if (r4 !== i4 && void 0 === i4.e) {
      i4.x = r4;
      this.t = i4;
      if (void 0 !== r4) r4.e = i4;
      else f3(function() {
        var i5;
        null == (i5 = t4.W) || i5.call(t4);
      });
    }
  };
  l3.prototype.U = function(i4) {
    var t4 = this;
    if (void 0 !== this.t) {
      var r4 = i4.e, n3 = i4.x;
      if (void 0 !== r4) {
        r4.x = n3;
        i4.e = void 0;
      }
      if (void 0 !== n3) {
        n3.e = r4;
        i4.x = void 0;
      }
      if (i4 === this.t) {
        this.t = n3;
        if (void 0 === n3) f3(function() {
          var i5;
          null == (i5 = t4.Z) || i5.call(t4);
        });
      }
    }
  };
  l3.prototype.subscribe = function(i4) {
    var t4 = this;
    return x2(function() {
      var r4 = t4.value;
      f3(function() {
        return i4(r4);
      });
    }, { name: "sub" });
  };
  l3.prototype.valueOf = function() {
    return this.value;
  };
  l3.prototype.toString = function() {
    return this.value + "";
  };
  l3.prototype.toJSON = function() {
    return this.value;
  };
  l3.prototype.peek = function() {
    var i4 = this;
    return f3(function() {
      return i4.value;
    });
  };
  Object.defineProperty(l3.prototype, "value", { get: function() {
    var i4 = d3(this);
    if (void 0 !== i4) i4.i = this.i;
    return this.v;
  }, set: function(i4) {
    if (i4 !== this.v) {
      if (s3 > 100) throw new Error("Cycle detected");
      !(function(i5) {
        if (0 !== v3 && 0 === s3) {
          if (i5.l !== u3) {
            i5.l = u3;
            c3 = { S: i5, v: i5.v, i: i5.i, o: c3 };
          }
        }
      })(this);
      this.v = i4;
      this.i++;
      a3++;
      v3++;
      try {
        for (var r4 = this.t; void 0 !== r4; r4 = r4.x) r4.t.N();
      } finally {
        t3();
      }
    }
  } });
  function y3(i4, t4) {
    return new l3(i4, t4);
  }
  function w3(i4) {
    for (var t4 = i4.s; void 0 !== t4; t4 = t4.n) if (t4.S.i !== t4.i || !t4.S.h() || t4.S.i !== t4.i) return true;
    return false;
  }
  function b(i4) {
    for (var t4 = i4.s; void 0 !== t4; t4 = t4.n) {
      var r4 = t4.S.n;
      if (void 0 !== r4) t4.r = r4;
      t4.S.n = t4;
      t4.i = -1;
      if (void 0 === t4.n) {
        i4.s = t4;
        break;
      }
    }
  }
  function _3(i4) {
    var t4 = i4.s, r4 = void 0;
    while (void 0 !== t4) {
      var n3 = t4.p;
      if (-1 === t4.i) {
        t4.S.U(t4);
        if (void 0 !== n3) n3.n = t4.n;
        if (void 0 !== t4.n) t4.n.p = n3;
      } else r4 = t4;
      t4.S.n = t4.r;
      if (void 0 !== t4.r) t4.r = void 0;
      t4 = n3;
    }
    i4.s = r4;
  }
  function j2(i4, t4) {
    l3.call(this, void 0, t4);
    this.x = i4;
    this.s = void 0;
    this.g = a3 - 1;
    this.f = 4;
  }
  j2.prototype = new l3();
  j2.prototype.h = function() {
    this.f &= -3;
    if (1 & this.f) return false;
    if (32 == (36 & this.f)) return true;
    this.f &= -5;
    if (this.g === a3) return true;
    this.g = a3;
    this.f |= 1;
    if (this.i > 0 && !w3(this)) {
      this.f &= -2;
      return true;
    }
    var i4 = o3;
    try {
      b(this);
      o3 = this;
      var t4 = this.x();
      if (16 & this.f || this.v !== t4 || 0 === this.i) {
        this.v = t4;
        this.f &= -17;
        this.i++;
      }
    } catch (i5) {
      this.v = i5;
      this.f |= 16;
      this.i++;
    }
    o3 = i4;
    _3(this);
    this.f &= -2;
    return true;
  };
  j2.prototype.S = function(i4) {
    if (void 0 === this.t) {
      this.f |= 36;
      for (var t4 = this.s; void 0 !== t4; t4 = t4.n) t4.S.S(t4);
    }
    l3.prototype.S.call(this, i4);
  };
  j2.prototype.U = function(i4) {
    if (void 0 !== this.t) {
      l3.prototype.U.call(this, i4);
      if (void 0 === this.t) {
        this.f &= -33;
        for (var t4 = this.s; void 0 !== t4; t4 = t4.n) t4.S.U(t4);
      }
    }
  };
  j2.prototype.N = function() {
    if (!(2 & this.f)) {
      this.f |= 6;
      for (var i4 = this.t; void 0 !== i4; i4 = i4.x) i4.t.N();
    }
  };
  Object.defineProperty(j2.prototype, "value", { get: function() {
    if (1 & this.f) throw new Error("Cycle detected");
    var i4 = d3(this);
    this.h();
    if (void 0 !== i4) i4.i = this.i;
    if (16 & this.f) throw this.v;
    return this.v;
  } });
  function O(i4, t4) {
    return new j2(i4, t4);
  }
  function p3(i4) {
    var r4 = i4.j;
    i4.j = void 0;
    if ("function" == typeof r4) {
      v3++;
      var n3 = o3;
      o3 = void 0;
      try {
        r4();
      } catch (t4) {
        i4.f &= -2;
        i4.f |= 8;
        g3(i4);
        throw t4;
      } finally {
        o3 = n3;
        t3();
      }
    }
  }
  function g3(i4) {
    for (var t4 = i4.s; void 0 !== t4; t4 = t4.n) t4.S.U(t4);
    i4.x = void 0;
    i4.s = void 0;
    p3(i4);
  }
  function S2(i4) {
    if (o3 !== this) throw new Error("Out-of-order effect");
    _3(this);
    o3 = i4;
    this.f &= -2;
    try {
      if (8 & this.f) g3(this);
    } finally {
      t3();
    }
  }
  function m3(i4, t4) {
    this.x = i4;
    this.j = void 0;
    this.s = void 0;
    this.u = void 0;
    this.f = 32;
    this.name = null == t4 ? void 0 : t4.name;
    if (n2) n2.push(this);
  }
  m3.prototype.c = function() {
    var i4 = this.S();
    try {
      if (8 & this.f) return;
      if (void 0 === this.x) return;
      var t4 = this.x();
      if ("function" == typeof t4) this.j = t4;
    } finally {
      i4();
    }
  };
  m3.prototype.S = function() {
    if (1 & this.f) throw new Error("Cycle detected");
    this.f |= 1;
    this.f &= -9;
    p3(this);
    b(this);
    v3++;
    var i4 = o3;
    o3 = this;
    return S2.bind(this, i4);
  };
  m3.prototype.N = function() {
    if (!(2 & this.f)) {
      this.f |= 2;
      this.u = h3;
      h3 = this;
    }
  };
  m3.prototype.d = function() {
    this.f |= 8;
    if (!(1 & this.f)) g3(this);
  };
  m3.prototype.dispose = function() {
    this.d();
  };
  function x2(i4, t4) {
    var r4 = new m3(i4, t4);
    try {
      r4.c();
    } catch (i5) {
      r4.d();
      throw i5;
    }
    var n3 = r4.d.bind(r4);
    n3[Symbol.dispose] = n3;
    return n3;
  }

  // node_modules/@preact/signals/dist/signals.module.js
  var h4;
  var d4;
  var p4;
  var m4 = "undefined" != typeof window && !!window.__PREACT_SIGNALS_DEVTOOLS__;
  var g4 = [];
  x2(function() {
    h4 = this.N;
  })();
  function b2(i4, n3) {
    n[i4] = n3.bind(null, n[i4] || function() {
    });
  }
  function y4(i4) {
    if (p4) {
      var n3 = p4;
      p4 = void 0;
      n3();
    }
    p4 = i4 && i4.S();
  }
  function w4(i4) {
    var n3 = this, r4 = i4.data, t4 = useSignal(r4);
    t4.name = "ReactiveDom";
    t4.value = r4;
    var e4 = w2(function() {
      var i5 = n3, r5 = n3.__v;
      while (r5 = r5.__) if (r5.__c) {
        r5.__c.__$f |= 4;
        break;
      }
      var o5 = O(function() {
        var i6 = t4.value.value;
        return 0 === i6 ? 0 : true === i6 ? "" : i6 || "";
      }), e5 = O(function() {
        return !Array.isArray(o5.value) && !r(o5.value);
      }), u5 = x2(function() {
        this.N = M;
        if (e5.value) {
          var n4 = o5.value;
          if (i5.__v && i5.__v.__e && 3 === i5.__v.__e.nodeType) i5.__v.__e.data = n4;
        }
      }), c5 = n3.__$u.d;
      n3.__$u.d = function() {
        u5();
        c5.call(this);
      };
      return [e5, o5];
    }, []), u4 = e4[0], c4 = e4[1];
    return u4.value ? c4.peek() : c4.value;
  }
  w4.displayName = "ReactiveTextNode";
  Object.defineProperties(l3.prototype, { constructor: { configurable: true, value: k($, null).constructor }, type: { configurable: true, value: w4 }, props: { configurable: true, get: function() {
    var i4 = this;
    return { data: { get value() {
      return i4.value;
    } } };
  } }, __b: { configurable: true, value: 1 } });
  b2("__b", function(i4, n3) {
    y4();
    d4 = void 0;
    if ("string" == typeof n3.type) {
      var r4, t4 = n3.props;
      for (var f5 in t4) if ("children" !== f5) {
        var o5 = t4[f5];
        if (o5 instanceof l3) {
          if (!r4) n3.__np = r4 = {};
          r4[f5] = o5;
          t4[f5] = o5.peek();
        }
      }
    }
    i4(n3);
  });
  b2("__r", function(i4, r4) {
    i4(r4);
    if (r4.type !== $) {
      y4();
      var t4, f5 = r4.__c;
      if (f5) {
        f5.__$f &= -2;
        if (void 0 === (t4 = f5.__$u)) f5.__$u = t4 = (function(i5, n3) {
          var r5;
          x2(function() {
            r5 = this;
          }, { name: n3 });
          r5.c = i5;
          return r5;
        })(/* @__PURE__ */ (function(i5) {
          return function() {
            var n3;
            if (m4) null == (n3 = this.y) || n3.call(this);
            i5.__$f |= 1;
            i5.setState({});
          };
        })(f5), "function" == typeof r4.type ? r4.type.displayName || r4.type.name : "");
      }
      d4 = f5;
      y4(t4);
    }
  });
  b2("__e", function(i4, n3, r4, t4) {
    y4();
    d4 = void 0;
    i4(n3, r4, t4);
  });
  b2("diffed", function(i4, n3) {
    y4();
    d4 = void 0;
    var r4;
    if ("string" == typeof n3.type && (r4 = n3.__e)) {
      var t4 = n3.__np, f5 = n3.props, o5 = r4.U;
      if (o5) for (var e4 in o5) {
        var u4 = o5[e4];
        if (!(void 0 === u4 || t4 && e4 in t4)) {
          u4.d();
          o5[e4] = void 0;
        }
      }
      if (t4) {
        if (!o5) {
          o5 = {};
          r4.U = o5;
        }
        for (var a5 in t4) {
          var c4 = o5[a5], v4 = t4[a5];
          if (void 0 === c4) {
            c4 = k3(r4, a5, v4, f5);
            o5[a5] = c4;
          } else c4.o(v4, f5);
        }
      }
    }
    i4(n3);
  });
  function k3(i4, n3, r4, t4) {
    var f5 = n3 in i4 && void 0 === i4.ownerSVGElement, o5 = y3(r4);
    return { o: function(i5, n4) {
      o5.value = i5;
      t4 = n4;
    }, d: x2(function() {
      this.N = M;
      var r5 = o5.value.value;
      if (t4[n3] !== r5) {
        t4[n3] = r5;
        if (f5) i4[n3] = r5;
        else if (null != r5 && (false !== r5 || "-" === n3[4])) i4.setAttribute(n3, r5);
        else i4.removeAttribute(n3);
      }
    }) };
  }
  b2("unmount", function(i4, n3) {
    if ("string" == typeof n3.type) {
      var r4 = n3.__e;
      if (r4) {
        var t4 = r4.U;
        if (t4) {
          r4.U = void 0;
          for (var f5 in t4) {
            var o5 = t4[f5];
            if (o5) o5.d();
          }
        }
      }
      var e4 = n3.__np;
      if (e4) {
        var u4 = n3.props;
        for (var a5 in e4) u4[a5] = e4[a5];
      }
      n3.__np = void 0;
    } else {
      var c4 = n3.__c;
      if (c4) {
        c4.__$f |= 8;
        var v4 = c4.__$u;
        if (v4) {
          c4.__$u = void 0;
          v4.d();
        }
      }
    }
    i4(n3);
  });
  b2("__h", function(i4, n3, r4, t4) {
    if (t4 < 3) n3.__$f |= 2;
    i4(n3, r4, t4);
  });
  x.prototype.shouldComponentUpdate = function(i4, n3) {
    if (this.__R) return true;
    var r4 = this.__$u, t4 = r4 && void 0 !== r4.s;
    for (var f5 in n3) return true;
    if (this.__f || "boolean" == typeof this.u && true === this.u) {
      var o5 = 2 & this.__$f;
      if (!(t4 || o5 || 4 & this.__$f)) return true;
      if (1 & this.__$f) return true;
    } else {
      if (!(t4 || 4 & this.__$f)) return true;
      if (3 & this.__$f) return true;
    }
    for (var e4 in i4) if ("__source" !== e4 && i4[e4] !== this.props[e4]) return true;
    for (var u4 in this.props) if (!(u4 in i4)) return true;
    return false;
  };
  function useSignal(i4, n3) {
    return w2(function() {
      return y3(i4, n3);
    }, []);
  }
  var A3 = function(i4) {
    queueMicrotask(function() {
      queueMicrotask(i4);
    });
  };
  function F3() {
    r3(function() {
      var i4;
      while (i4 = g4.shift()) h4.call(i4);
    });
  }
  function M() {
    if (1 === g4.push(this)) (n.requestAnimationFrame || A3)(F3);
  }

  // src/media/player.ts
  var playing = y3(null);
  var hoverPlays = y3(!matches("(prefers-reduced-motion: reduce)"));
  var hoverSounds = y3(false);
  function matches(query) {
    return typeof matchMedia !== "undefined" && matchMedia(query).matches;
  }
  var DELAY = 90;
  var timer;
  function hover(key2) {
    clearTimeout(timer);
    if (tour.value) return;
    if (key2 === null || !hoverPlays.value) playing.value = null;
    else timer = setTimeout(() => {
      playing.value = { key: key2, sound: hoverSounds.value };
    }, DELAY);
  }
  var rests = { x: NaN, y: NaN };
  var keys = false;
  var under = null;
  function point(key2, { clientX, clientY, pointerType }) {
    if (pointerType === "touch") return;
    const scrolled = keys && clientX === rests.x && clientY === rests.y;
    under = scrolled ? key2 : null;
    if (!scrolled) hover(key2);
  }
  function followPointer() {
    document.addEventListener("keydown", () => {
      keys = true;
    }, true);
    document.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (clientX === rests.x && clientY === rests.y) return;
      rests = { x: clientX, y: clientY };
      keys = false;
      if (under !== null) hover(under);
      under = null;
    }, { passive: true });
  }
  var tour = y3(null);
  function startTour(name, keys2) {
    clearTimeout(timer);
    tour.value = keys2.length ? { name, keys: keys2, at: 0 } : null;
  }
  function stepTour() {
    const now = tour.peek();
    if (!now) return;
    tour.value = now.at + 1 < now.keys.length ? { ...now, at: now.at + 1 } : null;
  }
  function stopTourAt(key2) {
    const now = tour.peek();
    if (now?.keys[now.at] === key2) stopPlaying();
  }
  function stopPlaying() {
    clearTimeout(timer);
    tour.value = null;
    playing.value = null;
  }
  x2(() => {
    const now = tour.value;
    playing.value = now ? { key: now.keys[now.at], sound: true } : null;
  });
  function togglePlay(key2) {
    const stops = playing.value?.key === key2 && playing.value.sound;
    stopPlaying();
    if (!stops) playing.value = { key: key2, sound: true };
  }

  // src/data/clusters.ts
  function group(clusters2, margins2, count2) {
    const rows = clusters2.length;
    let byMargin = Int32Array.from({ length: rows }, (_4, row) => row);
    if (margins2) {
      const starts = new Int32Array(257);
      for (let row = 0; row < rows; row++) starts[256 - margins2[row]]++;
      for (let value = 0; value < 256; value++) starts[value + 1] += starts[value];
      byMargin = new Int32Array(rows);
      for (let row = 0; row < rows; row++) byMargin[starts[255 - margins2[row]]++] = row;
    }
    const begins = new Int32Array(count2 + 1);
    for (const cluster of clusters2) if (cluster >= 0) begins[cluster + 1]++;
    for (let cluster = 0; cluster < count2; cluster++) begins[cluster + 1] += begins[cluster];
    const next = begins.slice();
    const order2 = new Int32Array(begins[count2]);
    for (const row of byMargin) {
      const cluster = clusters2[row];
      if (cluster >= 0) order2[next[cluster]++] = row;
    }
    return { order: order2, begins };
  }
  var rowsOf = ({ order: order2, begins }, cluster) => order2.subarray(begins[cluster], begins[cluster + 1]);
  var mean = (rows, column2) => {
    let sum = 0;
    for (const row of rows) sum += column2[row];
    return sum / 255 / rows.length;
  };
  function countClasses(rows, classes2) {
    const counts = /* @__PURE__ */ new Map();
    for (const row of rows) {
      const place2 = classes2[row];
      if (place2 >= 0) counts.set(place2, (counts.get(place2) ?? 0) + 1);
    }
    return [...counts].sort((a5, b3) => b3[1] - a5[1] || a5[0] - b3[0]);
  }
  function shareSame(first, second, rows) {
    let [same, both] = [0, 0];
    for (const row of rows) {
      if (first[row] < 0 || second[row] < 0) continue;
      both++;
      if (first[row] === second[row]) same++;
    }
    return both ? same / both : null;
  }
  function describe(number2, rows, columns2) {
    const { classes: classes2, margins: margins2, heads, video, audio } = columns2;
    const counts = classes2 ? countClasses(rows, classes2) : [];
    const labelled = counts.reduce((sum, [, clips]) => sum + clips, 0);
    return {
      number: number2,
      size: rows.length,
      classes: counts,
      purity: counts[0] ? counts[0][1] / labelled : null,
      entropy: counts[0] ? Math.abs(counts.reduce((sum, [, n3]) => sum - n3 / labelled * Math.log2(n3 / labelled), 0)) : null,
      margin: margins2 && rows.length ? mean(rows, margins2) : null,
      heads: heads && rows.length ? mean(rows, heads) : null,
      modalities: video && audio ? shareSame(video, audio, rows) : null
    };
  }
  function describeAll(members2, columns2) {
    return Array.from({ length: members2.begins.length - 1 }, (_4, number2) => describe(number2, rowsOf(members2, number2), columns2));
  }
  function sample(rows, count2) {
    if (rows.length <= count2) return [...rows];
    const top = Math.ceil(count2 / 2);
    const spaced = count2 - top;
    const rest = rows.length - top;
    const picked = [...rows.subarray(0, top)];
    for (let i4 = 1; i4 <= spaced; i4++) picked.push(rows[top + Math.floor(i4 * rest / spaced) - 1]);
    return picked;
  }

  // src/data/run.ts
  function readRun(text) {
    const run2 = JSON.parse(text);
    if (run2.format !== 1) throw new Error(`This page cannot show data of format ${String(run2.format)}`);
    return run2;
  }

  // src/data/text.ts
  var number = new Intl.NumberFormat("en");
  var percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
  var count = (value) => number.format(value);
  var percent = (share) => percents.format(share);
  var plural = (value, word, end = "s") => `${count(value)} ${word}${value === 1 ? "" : end}`;
  var fold = (text) => text.normalize("NFC").toLocaleLowerCase();
  var fileName = (path) => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  function clock(seconds) {
    const whole3 = Math.floor(seconds);
    const minutes = Math.floor(whole3 / 60);
    return `${minutes}:${String(whole3 % 60).padStart(2, "0")}`;
  }

  // src/data/search.ts
  var Index = class {
    #text;
    #begins;
    constructor(names2) {
      const begins = new Int32Array(names2.length + 1);
      const parts2 = [];
      for (let row = 0; row < names2.length; row++) {
        const part = fold(names2[row]).replaceAll("\n", " ");
        parts2.push(part);
        begins[row + 1] = begins[row] + part.length + 1;
      }
      this.#text = parts2.join("\n");
      this.#begins = begins;
    }
    /** Rows whose name contains the folded query, ascending. */
    find(query) {
      const rows = [];
      if (!query || query.includes("\n")) return rows;
      let at = this.#text.indexOf(query);
      let row = 0;
      while (at >= 0) {
        row = this.#rowAt(at, row);
        rows.push(row);
        at = this.#text.indexOf(query, this.#begins[row + 1]);
      }
      return rows;
    }
    /** The row that holds a place of the text, at or after `from`. */
    #rowAt(place2, from) {
      let low = from;
      let high = this.#begins.length - 1;
      while (high - low > 1) {
        const middle = low + high >> 1;
        if (this.#begins[middle] <= place2) low = middle;
        else high = middle;
      }
      return low;
    }
  };

  // src/data/lasting.ts
  var MOST = 500;
  function lasting(subject) {
    if (typeof document === "undefined") return /* @__PURE__ */ new Map();
    const key2 = `selavi ${subject} ${location.pathname}`;
    const numbers2 = /* @__PURE__ */ new Map();
    try {
      for (const [name, number2] of JSON.parse(sessionStorage.getItem(key2) ?? "[]")) numbers2.set(name, number2);
    } catch {
    }
    addEventListener("pagehide", () => {
      try {
        sessionStorage.setItem(key2, JSON.stringify([...numbers2].slice(-MOST)));
      } catch {
      }
    });
    return numbers2;
  }

  // src/state/route.ts
  function parse(hash) {
    const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
    const [page2 = "", id = ""] = path.split("/").map(decode2);
    return { page: page2 || "overview", id, settings: Object.fromEntries(new URLSearchParams(query)) };
  }
  function decode2(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }
  function format({ page: page2, id, settings }) {
    const query = new URLSearchParams(settings).toString();
    return `#/${encodeURIComponent(page2)}${id ? `/${encodeURIComponent(id)}` : ""}${query ? `?${query}` : ""}`;
  }
  var route = y3(parse(typeof location === "undefined" ? "" : location.hash));
  var page = O(() => route.value.page);
  var setting = (name) => route.value.settings[name] ?? "";
  function choice(name, table2, otherwise) {
    return Object.hasOwn(table2, setting(name)) ? setting(name) : otherwise;
  }
  var LASTING = ["modality", "head", "tiles", "sort", "reverse", "order"];
  function addressOf(page2, id = "", settings = {}) {
    const kept2 = Object.entries(route.value.settings).filter(([name]) => LASTING.includes(name));
    const all = Object.entries({ ...Object.fromEntries(kept2), ...settings }).filter(([, value]) => value);
    return format({ page: page2, id: String(id), settings: Object.fromEntries(all) });
  }
  var places = lasting("places");
  var steps = 0;
  var newName = () => `${performance.timeOrigin}-${++steps}`;
  var here = "";
  var place = 0;
  var scrolledTo = () => place;
  var stepOf = () => history.state;
  function push(address, opened = false) {
    here = newName();
    place = 0;
    history.pushState({ name: here, opened }, "", address);
    route.value = parse(address);
  }
  function go(address) {
    if (address !== location.hash) push(address);
  }
  function change(changes, replace = false, opened = false) {
    const settings = { ...route.value.settings };
    for (const [name, value] of Object.entries(changes)) {
      if (value) settings[name] = value;
      else delete settings[name];
    }
    const address = format({ ...route.value, settings });
    if (address === format(route.value)) return;
    if (!replace) return push(address, opened);
    history.replaceState(history.state, "", address);
    route.value = parse(address);
  }
  var openClip = (id) => change({ clip: id }, false, true);
  var closing = false;
  function closeClip() {
    if (!stepOf()?.opened) return change({ clip: null }, true);
    if (!closing) history.back();
    closing = true;
  }
  function followAddress() {
    const follow = () => {
      closing = false;
      const known = stepOf()?.name;
      if (!known || known !== here) {
        here = known ?? newName();
        place = places.get(here) ?? 0;
        if (!known) history.replaceState({ name: here }, "");
      }
      if (format(route.value) !== format(parse(location.hash))) route.value = parse(location.hash);
    };
    follow();
    addEventListener("popstate", follow);
    addEventListener("hashchange", follow);
    addEventListener("scroll", () => places.set(here, scrollY), { passive: true });
    history.scrollRestoration = "manual";
  }

  // src/state/clips.ts
  var run = typeof document === "undefined" ? {} : read();
  function read() {
    try {
      return readRun(document.getElementById("run").textContent);
    } catch (error) {
      document.getElementById("app").textContent = `${String(error)}. Load the page again; if that does not help, make it again: index.html and page.js are of different versions.`;
      throw error;
    }
  }
  var trouble = y3("");
  var failed = y3([]);
  var expected = (name) => run.columns.includes(name) && !failed.value.includes(name);
  var columns = /* @__PURE__ */ new Map();
  var LATE = /* @__PURE__ */ new Set(["keys", "paths", "waves", "times", "second", "repeats"]);
  var open;
  var firstView = new Promise((resolve) => {
    open = resolve;
  });
  var showLate = () => open();
  function column(name) {
    let held2 = columns.get(name);
    if (!held2) {
      held2 = y3(null);
      columns.set(name, held2);
      if (run.columns.includes(name)) {
        const filled = held2;
        const wait = LATE.has(name) ? firstView : Promise.resolve();
        wait.then(() => load(name)).then(
          (value) => {
            filled.value = value;
          },
          (error) => {
            failed.value = [...failed.peek(), name];
            trouble.value = error instanceof Error ? error.message : String(error);
          }
        );
      }
    }
    return held2.value;
  }
  var bytes = (name) => column(name);
  var numbers = (name) => column(name);
  var classed = Boolean(run.classes?.length);
  var modalities = [...new Set((run.views ?? []).map((view2) => view2.modality))];
  var viewNumber = O(() => {
    const modality = setting("modality") || run.views[run.selected].modality;
    const head = setting("head");
    const wanted = head === "" ? run.views[run.selected].head : Number(head);
    const found2 = run.views.findIndex((view2) => view2.modality === modality && view2.head === wanted);
    return found2 < 0 ? run.selected : found2;
  });
  var view = O(() => run.views[viewNumber.value]);
  var isSelected = O(() => viewNumber.value === run.selected);
  var sibling = (modality) => O(() => {
    const found2 = run.views.findIndex((one) => one.modality === modality && one.head === view.value.head);
    return found2 < 0 ? null : numbers(`cluster-${found2}`);
  });
  var byVideo = sibling("video");
  var byAudio = sibling("audio");
  var modelClusters = O(() => numbers(`cluster-${viewNumber.value}`));
  var corrected = y3(null);
  var clusters = O(() => isSelected.value && corrected.value?.clusters || modelClusters.value);
  var clusterCount = O(() => isSelected.value && corrected.value ? corrected.value.count : view.value.clusters);
  var margins = O(() => bytes(`margin-${viewNumber.value}`));
  var classes = O(() => classed ? numbers("class") : null);
  var headShares = O(() => isSelected.value ? bytes("heads") : null);
  function grouped(view2, known, count2) {
    const certain = bytes(`margin-${view2}`);
    return known && (certain || !run.columns.includes(`margin-${view2}`)) ? group(known, certain, count2) : null;
  }
  var members = O(() => grouped(viewNumber.value, clusters.value, clusterCount.value));
  var outside = O(() => members.value ? run.clips - members.value.order.length : 0);
  var summary = O(() => {
    const found2 = members.value;
    if (!found2 || classed && !classes.value) return null;
    return describeAll(found2, {
      classes: classes.value,
      margins: margins.value,
      heads: headShares.value,
      video: byVideo.value,
      audio: byAudio.value
    });
  });
  var names = y3(run.names ?? {});
  var nameOf = (cluster) => isSelected.value && names.value[cluster] || "";
  var titleOf = (cluster) => nameOf(cluster) || `Cluster ${cluster}`;
  var HEX = Array.from({ length: 256 }, (_4, value) => value.toString(16).padStart(2, "0"));
  function idOf(row) {
    const ids = bytes("ids");
    let id = "";
    if (ids) for (let place2 = row * 8; place2 < row * 8 + 8; place2++) id += HEX[ids[place2]];
    return id;
  }
  function rowOf(id) {
    const ids = bytes("ids");
    if (!ids || !/^[0-9a-f]{16}$/.test(id)) return -1;
    const wanted = Array.from({ length: 8 }, (_4, place2) => Number.parseInt(id.slice(2 * place2, 2 * place2 + 2), 16));
    for (let row = 0; row < run.clips; row++) {
      let place2 = 0;
      while (place2 < 8 && ids[row * 8 + place2] === wanted[place2]) place2++;
      if (place2 === 8) return row;
    }
    return -1;
  }
  function rowsOfIds(ids) {
    const wanted = new Set(ids);
    const found2 = /* @__PURE__ */ new Map();
    for (let row = 0; wanted.size > found2.size && row < run.clips; row++) {
      const id = idOf(row);
      if (wanted.has(id)) found2.set(id, row);
    }
    return found2;
  }
  var mediaOf = (row) => bytes("media")?.[row] ?? 0;
  var classOf = (row) => classes.value?.[row] ?? -1;
  var className = (place2) => place2 < 0 ? "no class" : run.classes[place2] ?? "unknown class";
  var marginOf = (row) => {
    const column2 = margins.value;
    return column2 ? column2[row] / 255 : null;
  };
  var keyOf = (row) => column("keys")?.[row] ?? "";
  function pathOf(row) {
    const paths = column("paths");
    return paths ? paths.prefix + paths.rest[row] : "";
  }
  function timesOf(row) {
    const times = column("times");
    if (!times || Number.isNaN(times[2 * row])) return null;
    return [times[2 * row], times[2 * row + 1]];
  }
  var firstOf = (row) => column("repeats")?.[row] ?? null;
  var index = O(() => {
    const keys2 = column("keys");
    return keys2 ? new Index(keys2) : null;
  });
  function once(ready, then) {
    const stop = x2(() => {
      if (!ready()) return;
      queueMicrotask(() => stop());
      f3(then);
    });
  }

  // src/data/edits.ts
  var NONE = { names: {}, merged: {}, made: {}, moved: /* @__PURE__ */ new Map(), tags: /* @__PURE__ */ new Map() };
  var isEmpty = (edits2) => ![edits2.names, edits2.merged, edits2.made].some((part) => Object.keys(part).length) && !edits2.moved.size && !edits2.tags.size;
  function apply(edits2, model2, count2) {
    const clusters2 = model2.map((cluster) => edits2.merged[cluster] ?? cluster);
    for (const [row, cluster] of edits2.moved) clusters2[row] = cluster;
    return { clusters: clusters2, count: Math.max(count2, ...Object.keys(edits2.made).map((cluster) => Number(cluster) + 1)) };
  }
  var exists = ({ merged, made: made3 }, cluster, count2) => cluster in made3 || cluster < count2 && !(cluster in merged);
  function rename(edits2, cluster, name, model2) {
    const names2 = { ...edits2.names, [cluster]: name };
    if (name === model2) delete names2[cluster];
    return { ...edits2, names: names2 };
  }
  function move(edits2, rows, cluster, model2) {
    const moved = new Map(edits2.moved);
    for (const row of rows) {
      const own = model2[row];
      if ((edits2.merged[own] ?? own) === cluster) moved.delete(row);
      else moved.set(row, cluster);
    }
    return { ...edits2, moved };
  }
  function merge(edits2, from, into, model2) {
    if (from === into) return edits2;
    const merged = {};
    for (const [cluster, target] of Object.entries(edits2.merged)) merged[Number(cluster)] = target === from ? into : target;
    const made3 = { ...edits2.made };
    if (from in made3) {
      for (const [cluster, origin] of Object.entries(made3)) if (origin === from) made3[Number(cluster)] = made3[from];
      delete made3[from];
    } else merged[from] = into;
    delete merged[into];
    const names2 = { ...edits2.names };
    delete names2[from];
    const moved = /* @__PURE__ */ new Map();
    for (const [row, cluster] of edits2.moved) {
      const target = cluster === from ? into : cluster;
      const own = model2[row];
      if ((merged[own] ?? own) !== target) moved.set(row, target);
    }
    return { ...edits2, merged, made: made3, names: names2, moved };
  }
  function unmerge(edits2, cluster, model2) {
    const merged = { ...edits2.merged };
    delete merged[cluster];
    const moved = new Map([...edits2.moved].filter(([row, to]) => model2[row] !== cluster || to !== cluster));
    return { ...edits2, merged, moved };
  }
  function split(edits2, rows, from, model2, count2) {
    const cluster = Math.max(count2, ...Object.keys(edits2.made).map((one) => Number(one) + 1));
    const made3 = { ...edits2.made, [cluster]: from };
    return [move({ ...edits2, made: made3 }, rows, cluster, model2), cluster];
  }
  function tag(edits2, rows, name, add) {
    const tags = new Map(edits2.tags);
    for (const row of rows) {
      const others = (tags.get(row) ?? []).filter((one) => one !== name);
      const all = add ? [...others, name] : others;
      if (all.length) tags.set(row, all);
      else tags.delete(row);
    }
    return { ...edits2, tags };
  }
  var LONGEST = 200;
  var step = ({ past, now }, next) => ({ past: [...past, now].slice(-LONGEST), now: next, future: [] });
  var undo = (history3) => history3.past.length ? { past: history3.past.slice(0, -1), now: history3.past.at(-1), future: [history3.now, ...history3.future] } : history3;
  var redo = (history3) => history3.future.length ? { past: [...history3.past, history3.now], now: history3.future[0], future: history3.future.slice(1) } : history3;

  // src/data/corrections.ts
  var FORMAT = "selavi corrections 1";
  var MEMBERS = 200;
  var wellFormed = (text) => text.replace(new RegExp("\\p{Surrogate}", "gu"), "�");
  var numbered = (part) => Object.entries(part).map(([cluster, value]) => [Number(cluster), value]);
  function toFile(edits2, source) {
    const { title, head, clusters: clusters2, model: model2, rowsOf: rowsOf2, idOf: idOf2 } = source;
    const named = /* @__PURE__ */ new Set();
    const mention = (cluster) => {
      if (cluster >= 0 && cluster < clusters2) named.add(cluster);
    };
    const moved = [...edits2.moved].map(([row, to]) => {
      mention(model2[row]);
      mention(to);
      return { clip: idOf2(row), from: model2[row], to: to < 0 ? null : to };
    });
    for (const [cluster] of numbered(edits2.names)) mention(cluster);
    for (const part of [edits2.merged, edits2.made])
      for (const [cluster, other] of numbered(part)) {
        mention(cluster);
        mention(other);
      }
    return {
      format: FORMAT,
      title: wellFormed(title),
      head,
      clusters: clusters2,
      names: numbered(edits2.names).map(([cluster, name]) => ({ cluster, name: wellFormed(name) })),
      merged: numbered(edits2.merged).map(([from, into]) => ({ from, into })),
      new: numbered(edits2.made).map(([cluster, from]) => ({ cluster, from })),
      moved,
      tags: [...edits2.tags].map(([row, tags]) => ({ clip: idOf2(row), tags: tags.map(wellFormed) })),
      members: [...named].sort((a5, b3) => a5 - b3).map((cluster) => ({
        cluster,
        clips: Array.from(rowsOf2(cluster)).slice(0, MEMBERS).map(idOf2)
      }))
    };
  }
  var isList = (value) => Array.isArray(value) && value.every((one) => typeof one === "object" && one !== null);
  function digest(text) {
    let hash = 2166136261;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
    return (hash >>> 0).toString(16);
  }
  var ofClusters = (file2) => ({
    ...NONE,
    names: Object.fromEntries(file2.names.map(({ cluster, name }) => [cluster, name])),
    merged: Object.fromEntries(file2.merged.map(({ from, into }) => [from, into])),
    made: Object.fromEntries(file2.new.map(({ cluster, from }) => [cluster, from]))
  });
  function parse2(text) {
    let content;
    try {
      content = JSON.parse(text);
    } catch {
      throw new Error("This file is not JSON. Choose a corrections.json of this page.");
    }
    const found2 = content;
    if (found2?.format !== FORMAT) throw new Error(`This file is not of the format “${FORMAT}”. Choose a corrections.json of this page.`);
    const shape = [
      ["names", (one) => whole(one["cluster"]) && typeof one["name"] === "string"],
      ["merged", (one) => whole(one["from"]) && whole(one["into"])],
      ["new", (one) => whole(one["cluster"]) && whole(one["from"])],
      ["moved", (one) => isId(one["clip"]) && whole(one["from"]) && (one["to"] === null || whole(one["to"]))],
      ["tags", (one) => isId(one["clip"]) && isTexts(one["tags"])],
      ["members", (one) => whole(one["cluster"]) && isTexts(one["clips"])]
    ];
    for (const [name, right] of shape) {
      const list = found2[name] ??= [];
      if (!isList(list) || !list.every(right)) throw new Error(`This file is damaged: “${name}” is not as selavi writes it.`);
    }
    return found2;
  }
  var MOST2 = 1e4;
  function checkNumbers(file2, count2) {
    const added = new Set(file2.new.map(({ cluster }) => cluster));
    const gone = new Set(file2.merged.map(({ from }) => from));
    const numbers2 = [
      ...[...file2.names, ...file2.members].map(({ cluster }) => cluster),
      ...file2.new.map(({ from }) => from),
      ...file2.merged.flatMap(({ from, into }) => [from, into]),
      ...file2.moved.flatMap(({ to }) => to ?? [])
    ];
    const wrong = [...added].find((cluster) => cluster < count2 || cluster >= count2 + MOST2) ?? numbers2.find((cluster) => cluster >= count2 && !added.has(cluster));
    if (wrong !== void 0)
      throw new Error(`These corrections are of other clusters: here is no cluster ${wrong}, only 0 to ${count2 - 1}. ${ELSEWHERE}`);
    const chained = file2.merged.find(({ into }) => gone.has(into));
    if (chained) throw new Error(`This file is damaged: cluster ${chained.from} is merged into ${chained.into}, which is merged itself.`);
  }
  var whole = (value) => Number.isInteger(value) && value >= 0;
  var isId = (value) => typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
  var isTexts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
  var ELSEWHERE = "After another training, give the file to `selavi label --corrections` or the run’s `corrections`, which match the clusters.";
  function fromFile(file2, model2, count2, rowOf2) {
    checkNumbers(file2, count2);
    const ids = /* @__PURE__ */ new Set();
    for (const { clip } of [...file2.moved, ...file2.tags]) ids.add(clip);
    for (const { clips } of file2.members) for (const clip of clips) ids.add(clip);
    const rows = rowOf2([...ids]);
    for (const { cluster, clips } of file2.members) {
      const here2 = clips.flatMap((clip) => rows.get(clip) ?? []);
      const same = here2.filter((row) => model2[row] === cluster).length;
      if (clips.length && 2 * same < clips.length)
        throw new Error(
          `These corrections are of other clusters: of ${clips.length} clips of cluster ${cluster}, ${same} are in it here. ` + ELSEWHERE
        );
    }
    const known = (list) => list.flatMap((one) => {
      const row = rows.get(one.clip);
      return row === void 0 ? [] : [[row, one]];
    });
    return {
      ...ofClusters(file2),
      moved: new Map(known(file2.moved).map(([row, { to }]) => [row, to ?? -1])),
      tags: new Map(known(file2.tags).map(([row, { tags }]) => [row, tags]))
    };
  }

  // src/data/tables.ts
  var guarded = (text) => text.replace(/^(?=['\s]*[=+\-@＝＋－＠])|(?<=[;\t\r\n])(?=['\s]*[=+\-@＝＋－＠])/g, "'");
  var cell = (text) => `"${guarded(text).replaceAll('"', '""')}"`;
  var table = (rows) => ["\uFEFF" + rows[0], ...rows.slice(1), ""].join("\r\n");
  function namesTable(head, clusters2) {
    return table(["head,cluster,name,clips", ...clusters2.map(({ cluster, name, clips }) => [head ?? "", cluster, cell(name), cell(clips.join(" "))].join(","))]);
  }
  function selectionTable(clips) {
    return table(["id,path,start,end,cluster,name,class,margin,tags", ...clips.map((one) => [
      one.id,
      cell(one.path),
      one.start ?? "",
      one.end ?? "",
      one.cluster ?? "",
      cell(one.name),
      cell(one.class),
      one.margin === null ? "" : one.margin.toFixed(4),
      cell(one.tags.join(" "))
    ].join(","))]);
  }
  var shown = (one) => one.name || (one.cluster === null ? "no cluster" : `cluster ${one.cluster}`);
  function labelStudio(clips) {
    return JSON.stringify(clips.map((one) => ({
      data: { video: `/data/local-files/?d=${one.path.split("/").map(encodeURIComponent).join("/").replace(/^\//, "")}`, path: one.path, start: one.start, end: one.end },
      predictions: [{
        model_version: "selavi",
        ...one.margin === null ? {} : { score: one.margin },
        result: [{ from_name: "cluster", to_name: "video", type: "choices", value: { choices: [shown(one)] } }]
      }]
    })), null, 1);
  }
  function fiftyOne(title, clips) {
    return JSON.stringify({
      name: title,
      _media_type: "video",
      samples: clips.map((one) => ({
        filepath: one.path,
        tags: one.tags,
        _media_type: "video",
        cluster: { _cls: "Classification", label: shown(one), ...one.margin === null ? {} : { confidence: one.margin } },
        ...one.class ? { ground_truth: { _cls: "Classification", label: one.class } } : {},
        ...one.start === null ? {} : { selavi_start: one.start, selavi_end: one.end }
      }))
    }, null, 1);
  }

  // src/state/kept.ts
  var key = () => `selavi corrections ${location.pathname}`;
  var earlierKey = () => `selavi earlier corrections ${location.pathname}`;
  var earlier = y3("");
  function parse3(text) {
    try {
      const value = JSON.parse(text ?? "null");
      return typeof value?.text === "string" ? value : null;
    } catch {
      return null;
    }
  }
  function store(name, text) {
    try {
      if (text === null) localStorage.removeItem(name);
      else localStorage.setItem(name, text);
      return true;
    } catch {
      return false;
    }
  }
  function stored(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }
  function kept() {
    earlier.value = stored(earlierKey()) ?? "";
    return parse3(stored(key()));
  }
  var unkept = false;
  function keep(now) {
    unkept = !store(key(), now && JSON.stringify(now));
    return !unkept;
  }
  function setAside(text) {
    earlier.value = text;
    if (store(earlierKey(), text)) store(key(), null);
  }
  function forgetEarlier() {
    earlier.value = "";
    store(earlierKey(), null);
  }
  function followKept(take2) {
    addEventListener("storage", (event) => {
      if (event.key === key()) take2(parse3(event.newValue));
    });
    addEventListener("beforeunload", (event) => {
      if (unkept) event.preventDefault();
    });
  }

  // src/state/save.ts
  function save(name, text, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1e3);
  }

  // src/state/edits.ts
  var history2 = y3({ past: [], now: run.corrections ? ofClusters(run.corrections) : NONE, future: [] });
  var edits = O(() => history2.value.now);
  var canUndo = O(() => history2.value.past.length > 0);
  var canRedo = O(() => history2.value.future.length > 0);
  var edited = O(() => !isEmpty(edits.value));
  var notice = y3("");
  var K2 = run.views?.[run.selected]?.clusters ?? 0;
  var model = O(() => column(`cluster-${run.selected}`));
  var typical = O(() => grouped(run.selected, model.value, K2));
  var begun = y3(false);
  var canEdit = O(() => isSelected.value && begun.value);
  function take(next) {
    const known = model.peek();
    if (known && begun.peek()) history2.value = step(history2.value, next(edits.peek(), known));
  }
  var undo2 = () => {
    history2.value = undo(history2.value);
  };
  var redo2 = () => {
    history2.value = redo(history2.value);
  };
  var discard = () => {
    history2.value = step(history2.value, NONE);
  };
  var renameCluster = (cluster, name) => take((now) => rename(now, cluster, [...name.trim().split(/\s+/).join(" ")].slice(0, 200).join(""), run.names[cluster] ?? ""));
  var moveClips = (rows, cluster) => take((now, of2) => move(now, rows, cluster, of2));
  var mergeClusters = (from, into) => take((now, of2) => merge(now, from, into, of2));
  var unmergeCluster = (cluster) => take((now, of2) => unmerge(now, cluster, of2));
  var tagClips = (rows, name, add) => take((now) => tag(now, rows, name, add));
  function splitOff(rows, from) {
    let made3 = -1;
    take((now, of2) => {
      const [next, cluster] = split(now, rows, from, of2, K2);
      made3 = cluster;
      return next;
    });
    return made3;
  }
  var mergedInto = (cluster) => (isSelected.value ? edits.value.merged[cluster] : void 0) ?? cluster;
  var targets = O(() => [...Array(clusterCount.value).keys()].filter((cluster) => exists(edits.value, cluster, K2)));
  var byPerson = (row) => isSelected.value && edits.value.moved.has(row);
  var tagsOf = (row) => edits.value.tags.get(row) ?? [];
  var file = (of2 = edits.peek()) => {
    const [known, order2] = [model.peek(), typical.peek()];
    if (!known || !order2) return null;
    return toFile(of2, {
      title: run.title,
      head: run.views[run.selected].head,
      clusters: K2,
      model: known,
      rowsOf: (cluster) => rowsOf(order2, cluster),
      idOf
    });
  };
  function saveCorrections() {
    const content = file();
    if (content) saveText(JSON.stringify(content, null, 1));
  }
  var saveText = (text) => save("corrections.json", `${text}
`, "application/json");
  var LISTED = 12;
  function saveNames() {
    const order2 = typical.peek();
    if (!order2) return;
    const clusters2 = Array.from({ length: K2 }, (_4, cluster) => ({
      cluster,
      name: names.peek()[cluster] ?? "",
      clips: [...rowsOf(order2, cluster).subarray(0, LISTED)].map(idOf)
    }));
    save("names.csv", namesTable(run.views[run.selected].head, clusters2), "text/csv");
  }
  function openCorrections(text) {
    const known = model.peek();
    const next = known && begun.peek() && read2(text, known);
    if (!next) return;
    history2.value = step(history2.value, next);
    notice.value = "";
  }
  function read2(text, known) {
    try {
      return fromFile(parse2(text), known, K2, rowsOfIds);
    } catch (error) {
      notice.value = error instanceof Error ? error.message : String(error);
      return null;
    }
  }
  var made = digest(JSON.stringify(run.corrections ?? null));
  function keepEdits() {
    if (!keep(edited.peek() || run.corrections ? { of: made, text: JSON.stringify(file()) } : null))
      notice.value = "This browser does not keep the corrections: save them before you close the page.";
  }
  function begin() {
    const known = model.peek();
    const base = run.corrections ? read2(JSON.stringify(run.corrections), known) ?? NONE : NONE;
    const before = kept();
    const own = before && read2(before.text, known);
    if (before && !own) setAside(before.text);
    const others = own && before.of !== made && JSON.stringify(file(own)) !== JSON.stringify(file(base));
    history2.value = { past: others ? [own] : [], now: others ? base : own ?? base, future: [] };
    if (others) notice.value = "This page was made again with other corrections. “Undo” brings back those that this browser has kept.";
    begun.value = true;
  }
  function ofOtherTab(now) {
    if (now && now.of !== made) return null;
    return now ? read2(now.text, model.peek()) : NONE;
  }
  function followEdits() {
    x2(() => {
      const [now, known] = [edits.value, model.value];
      names.value = { ...run.names, ...now.names };
      const moves = now.moved.size || Object.keys(now.merged).length || Object.keys(now.made).length;
      corrected.value = known && moves ? apply(now, known, K2) : null;
    });
    const ready = () => typical.value !== null && column("ids") !== null;
    once(ready, () => {
      begin();
      let given = edits.peek();
      followKept((now) => {
        given = ofOtherTab(now);
        if (given) history2.value = step(history2.peek(), given);
      });
      x2(() => {
        if (edits.value !== given) f3(keepEdits);
        given = null;
      });
    });
  }

  // src/data/tree.ts
  function divide(coarse, fine, parents, children) {
    const together = Array.from({ length: children }, () => new Int32Array(parents));
    for (let row = 0; row < fine.length; row++)
      if (fine[row] >= 0 && coarse[row] >= 0) together[fine[row]][coarse[row]]++;
    const below = Array.from({ length: parents }, () => []);
    together.forEach((counts, cluster) => {
      const size2 = counts.reduce((sum, clips) => sum + clips, 0);
      if (!size2) return;
      const parent = counts.indexOf(Math.max(...counts));
      below[parent].push({ cluster, size: size2, share: counts[parent] / size2 });
    });
    for (const list of below) list.sort((a5, b3) => b3.size - a5.size || a5.cluster - b3.cluster);
    return below;
  }
  function facesOf(clusters2, count2, media, margins2, classes2, kinds) {
    const faces2 = Array.from({ length: count2 }, () => ({ row: -1, kind: -1 }));
    const counts = classes2 ? Array.from({ length: count2 }, () => new Int32Array(kinds)) : [];
    for (let row = 0; row < clusters2.length; row++) {
      const cluster = clusters2[row];
      if (cluster < 0) continue;
      const face = faces2[cluster];
      if (media[row] > 0 && (face.row < 0 || margins2 && margins2[row] > margins2[face.row])) face.row = row;
      if (classes2 && classes2[row] >= 0) counts[cluster][classes2[row]]++;
    }
    counts.forEach((of2, cluster) => {
      const most = Math.max(...of2);
      if (most > 0) faces2[cluster].kind = of2.indexOf(most);
    });
    return faces2;
  }

  // src/state/levels.ts
  var severalLevels = new Set((run.views ?? []).map((one) => one.clusters)).size > 1;
  var levels = O(() => {
    const all = run.views.map((one, place2) => ({ ...one, place: place2 })).filter((one) => one.modality === view.value.modality);
    const numbers2 = [...new Set(all.map((one) => one.clusters))].sort((a5, b3) => a5 - b3);
    return numbers2.map((clusters2) => {
      const of2 = all.filter((one) => one.clusters === clusters2);
      const heads = [run.views[run.selected].head, run.levels?.find((one) => one.clusters === clusters2)?.head];
      return (of2.find((one) => one.head !== null && heads.includes(one.head)) ?? of2[0]).place;
    });
  });
  var depth = O(() => levels.value.findIndex((place2) => run.views[place2].clusters === view.value.clusters));
  function headOf(place2) {
    const { head } = run.views[place2];
    return { head: head === null || head === run.views[run.selected].head ? "" : String(head) };
  }
  var addressIn = (place2, cluster) => addressOf("cluster", cluster, headOf(place2));
  var titleIn = (place2, cluster) => place2 === run.selected && names.value[cluster] || `Cluster ${cluster}`;
  var made2 = /* @__PURE__ */ new Map();
  function divided(coarse, fine) {
    const [above, below] = [column(`cluster-${coarse}`), column(`cluster-${fine}`)];
    if (!above || !below) return null;
    const key2 = `${coarse}/${fine}`;
    let found2 = made2.get(key2);
    if (!found2) made2.set(key2, found2 = divide(above, below, run.views[coarse].clusters, run.views[fine].clusters));
    return found2;
  }
  function parentOf(cluster) {
    const above = levels.value[depth.value - 1];
    if (above === void 0) return null;
    const all = divided(above, levels.value[depth.value]) ?? [];
    for (const [parent, children] of all.entries()) {
      const child = children.find((one) => one.cluster === cluster);
      if (child) return { place: above, cluster: parent, share: child.share };
    }
    return null;
  }
  function partsOf(cluster) {
    const below = levels.value[depth.value + 1];
    if (below === void 0) return null;
    const parts2 = divided(levels.value[depth.value], below)?.[cluster];
    return parts2?.length ? { place: below, parts: parts2 } : null;
  }
  var addressOfParts = (place2, coarse, cluster) => addressOf("overview", "", { ...headOf(place2), within: `${run.views[coarse].clusters}-${cluster}` });
  var within = O(() => {
    const [clusters2, cluster] = setting("within").split("-").map(Number);
    const place2 = severalLevels ? levels.value.find((one) => run.views[one].clusters === clusters2) : void 0;
    if (place2 === void 0 || !Number.isInteger(cluster) || clusters2 >= view.value.clusters) return null;
    return { place: place2, cluster };
  });
  var withinParts = O(() => {
    const limit2 = within.value;
    const all = limit2 && divided(limit2.place, viewNumber.value);
    return all && new Set(all[limit2.cluster]?.map((one) => one.cluster));
  });
  var seen = /* @__PURE__ */ new Map();
  function faces(place2) {
    const [clusters2, media] = [column(`cluster-${place2}`), column("media")];
    const margins2 = column(`margin-${place2}`);
    const ready = clusters2 && media && column("ids") && (margins2 || !run.columns.includes(`margin-${place2}`));
    if (!ready || run.classes.length > 0 && !classes.value) return null;
    let found2 = seen.get(place2);
    if (!found2) seen.set(place2, found2 = facesOf(clusters2, run.views[place2].clusters, media, margins2, classes.value, run.classes.length));
    return found2;
  }

  // src/state/filter.ts
  var SORTS = {
    size: "size",
    purity: "purity",
    margin: "margin",
    agreement: "agreement of heads",
    number: "number"
  };
  var KEYS = {
    size: (one) => one.size,
    purity: (one) => one.purity ?? -1,
    margin: (one) => one.margin ?? -1,
    agreement: (one) => one.heads ?? -1,
    number: (one) => -one.number
  };
  var folded = (run.classes ?? []).map(fold);
  var matching = O(() => {
    const place2 = setting("class") === "" ? -1 : Number(setting("class"));
    const asked = fold(setting("q").trim());
    const query = numberIn(asked) === null ? asked : "";
    const known = clusters.value;
    if (!known || place2 < 0 && !query) return null;
    const column2 = classes.value;
    const found2 = /* @__PURE__ */ new Map();
    const add = (row) => {
      const cluster = known[row];
      if (cluster < 0 || place2 >= 0 && column2?.[row] !== place2) return;
      const rows = found2.get(cluster);
      if (rows) rows.push(row);
      else found2.set(cluster, [row]);
    };
    if (!query) for (let row = 0; row < known.length; row++) add(row);
    else {
      const hits = new Set(index.value?.find(query));
      const wanted = folded.map((name) => name.includes(query));
      if (column2 && wanted.includes(true)) {
        for (let row = 0; row < known.length; row++) if (column2[row] >= 0 && wanted[column2[row]]) hits.add(row);
      }
      for (const row of hits) add(row);
    }
    return found2;
  });
  var searching = O(() => setting("q") !== "" && index.value === null && expected("keys"));
  function numberIn(query) {
    const found2 = /^#(\d+)$/.exec(query);
    return found2 ? Number(found2[1]) : null;
  }
  var limit = (name, otherwise) => setting(name) === "" ? otherwise : Number(setting(name));
  var found = O(() => {
    const all = summary.value;
    if (!all || within.value && !withinParts.value) return null;
    const query = fold(setting("q").trim());
    const number2 = numberIn(query);
    const hits = matching.value;
    const parts2 = withinParts.value;
    const [least, most] = [limit("least", 1), limit("most", Infinity)];
    const [purity, margin] = [limit("purity", Infinity) / 100, limit("margin", Infinity) / 100];
    const passing = [];
    for (const cluster of all) {
      if (cluster.size < Math.max(1, least) || cluster.size > most) continue;
      if ((cluster.purity ?? 0) > purity) continue;
      if ((cluster.margin ?? 0) > margin) continue;
      if (parts2 && !parts2.has(cluster.number)) continue;
      if (number2 !== null && cluster.number !== number2) continue;
      const named = Boolean(query) && !setting("class") && fold(nameOf(cluster.number)).includes(query);
      const matches2 = named ? null : hits?.get(cluster.number) ?? null;
      if (hits && !named && !matches2) continue;
      passing.push({ cluster, matches: matches2 });
    }
    const sort = choice("sort", KEYS, "size");
    const sign = setting("reverse") ? -1 : 1;
    const rank = hits && !setting("sort") ? ({ cluster, matches: matches2 }) => matches2?.length ?? cluster.size : ({ cluster }) => KEYS[sort](cluster);
    return passing.sort((a5, b3) => sign * (rank(b3) - rank(a5)) || a5.cluster.number - b3.cluster.number);
  });
  function beside(number2) {
    const numbers2 = (found.value ?? []).map((one) => one.cluster.number);
    const at = numbers2.indexOf(number2);
    return { before: numbers2[at - 1] ?? null, after: (at < 0 ? null : numbers2[at + 1]) ?? null };
  }
  var clearFilters = () => change({ q: null, class: null, least: null, most: null, purity: null, margin: null, within: null });
  var availableSorts = Object.keys(SORTS).filter((sort) => (sort !== "purity" || classed) && (sort !== "agreement" || (run.columns ?? []).includes("heads")));
  var isFiltered = O(() => within.value !== null || ["q", "class", "least", "most", "purity", "margin"].some((name) => setting(name) !== ""));

  // src/state/help.ts
  var helpOpen = y3(false);

  // src/state/keyboard.ts
  var typing = (target) => target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, [contenteditable]");
  var takesLetters = (target) => typing(target) || target instanceof HTMLElement && target.matches("select");
  var dialogOpen = () => document.querySelector("dialog[open]") !== null;
  function followKeys() {
    document.addEventListener("keydown", (event) => {
      const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
      if ((letter === "z" || letter === "y") && !typing(event.target)) {
        event.preventDefault();
        if (letter === "y" || event.shiftKey) redo2();
        else undo2();
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") stopPlaying();
      if (takesLetters(event.target) || dialogOpen()) return;
      if (act(event)) event.preventDefault();
    });
  }
  function act(event) {
    const tile = event.target instanceof Element ? event.target.closest(".tile") : null;
    switch (event.key) {
      case "/": {
        if (page.value !== "overview") go(addressOf("overview"));
        requestAnimationFrame(() => document.getElementById("search")?.focus());
        return true;
      }
      case "?":
        helpOpen.value = true;
        return true;
      case "j":
      case "k":
        return page.value === "cluster" ? stepCluster(event.key === "j") : stepCard(event.key === "j" ? 1 : -1);
      default:
        return tile !== null && stepTile(tile, event.key);
    }
  }
  function stepCluster(forwards) {
    const { before, after } = beside(Number(route.value.id));
    const next = forwards ? after : before;
    if (next !== null) go(addressOf("cluster", next));
    return next !== null;
  }
  function stepCard(by) {
    const cards = [...document.querySelectorAll(".card")];
    const at = cards.findIndex((card2) => card2.contains(document.activeElement));
    const card = at < 0 ? cards.find((one) => one.getBoundingClientRect().top >= 0) ?? cards[0] : cards[at + by];
    card?.querySelector(".tile")?.focus();
    card?.scrollIntoView({ block: "nearest" });
    return card !== void 0;
  }
  var tilesOf = (list) => [...list.querySelectorAll(".tile")];
  function focusTile(tile) {
    tile.tabIndex = 0;
    tile.focus();
    tile.scrollIntoView({ block: "nearest" });
  }
  function goToEnd(list, last2) {
    scrollTo(0, last2 ? document.documentElement.scrollHeight : 0);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const tile = tilesOf(list).at(last2 ? -1 : 0);
      if (tile) focusTile(tile);
    }));
  }
  function stepTile(tile, key2) {
    const list = tile.closest(".strip, .rows");
    const tiles = tilesOf(list);
    if (list.matches(".rows") && (key2 === "Home" || key2 === "End")) {
      goToEnd(list, key2 === "End");
      return true;
    }
    const at = tiles.indexOf(tile);
    const top = tile.getBoundingClientRect().top;
    const columns2 = tiles.filter((one) => Math.abs(one.getBoundingClientRect().top - top) < 2).length;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns2, ArrowDown: at + columns2, Home: 0, End: tiles.length - 1 }[key2];
    if (to === void 0) return false;
    const next = tiles[to];
    if (next) {
      tile.tabIndex = -1;
      focusTile(next);
    }
    return true;
  }

  // node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs
  var f4 = /* @__PURE__ */ Symbol.for("pv");
  var o4 = 0;
  function a4(t4, e4, n3, u4, a5, i4) {
    e4 || (e4 = {});
    var c4, l4, p5 = e4;
    if ("ref" in p5 && "function" != typeof t4) for (l4 in p5 = {}, e4) "ref" == l4 ? c4 = e4[l4] : p5[l4] = e4[l4];
    var s4 = { type: t4, props: p5, key: n3, ref: c4, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: f4, __v: --o4, __i: -1, __u: 0 };
    return (a5 || i4) && (s4.__source = a5, s4.__self = i4), n.vnode && n.vnode(s4), s4;
  }

  // src/ui/icons.tsx
  var STROKES = {
    search: "M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0ZM10.5 10.5 14 14",
    order: "M5 3v10M2.5 10.5 5 13l2.5-2.5M8.5 4H14M8.5 8h4M8.5 12h2",
    close: "m4 4 8 8m0-8-8 8",
    before: "M10 3 5 8l5 5",
    after: "m6 3 5 5-5 5",
    below: "m3 6 5 5 5-5",
    pen: "m3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3z",
    filter: "M2 4h12M4.5 8h7M7 12h2",
    dice: "M4.5 2.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM5.5 5.5h.01M10.5 5.5h.01M8 8h.01M5.5 10.5h.01M10.5 10.5h.01",
    help: "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8ZM6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3h.01",
    differs: "M3 6h10M3 10h10M10.5 3l-5 10",
    undo: "M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6",
    redo: "m10.5 3 3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10",
    lasso: "M8 3c3.3 0 6 1.6 6 3.7s-2.7 3.7-6 3.7-6-1.6-6-3.7S4.7 3 8 3ZM5 10.2c-1 .8-.9 2.3.6 2.8",
    plus: "M8 3v10M3 8h10",
    minus: "M3 8h10",
    check: "m3 8.5 3.5 3.5L13 5",
    save: "M8 2.5V10M5 7.5l3 3 3-3M3 13.5h10",
    open: "M8 10.5V3M5 5.5l3-3 3 3M3 13.5h10"
  };
  var FILLED = {
    play: "M4 2.5v11L13 8z",
    stop: "M3.5 3.5h9v9h-9z"
  };
  function Icon({ name }) {
    return /* @__PURE__ */ a4("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", children: name in FILLED ? /* @__PURE__ */ a4("path", { d: FILLED[name], fill: "currentColor", stroke: "none" }) : /* @__PURE__ */ a4("path", { d: STROKES[name] }) });
  }

  // src/state/order.ts
  var ORDERS = {
    typical: "most typical first",
    doubtful: "least certain first",
    misfits: "other classes first"
  };
  var order = () => choice("order", ORDERS, "typical");
  function ordered(cluster, common) {
    const known = members.value;
    if (!known || cluster < 0 || cluster + 1 >= known.begins.length) return [];
    let rows = [...rowsOf(known, cluster)];
    if (setting("class") !== "") rows = rows.filter((row) => classOf(row) === Number(setting("class")));
    if (order() === "typical") return rows;
    rows.reverse();
    if (order() === "doubtful") return rows;
    const misfit = (row) => classOf(row) >= 0 && classOf(row) !== common;
    return [...rows.filter(misfit), ...rows.filter((row) => !misfit(row))];
  }
  var clusterOf = (row) => clusters.value?.[row] ?? -1;

  // src/ui/bars.tsx
  var DRAWN = 5;
  function parts(classes2) {
    const total = classes2.reduce((sum, [, clips]) => sum + clips, 0);
    const drawn = classes2.slice(0, DRAWN).map(([place2, clips], rank) => ({ place: place2, share: clips / total, rank }));
    const others = classes2.slice(DRAWN).reduce((sum, [, clips]) => sum + clips, 0);
    return others ? [...drawn, { place: -1, share: others / total, rank: DRAWN }] : drawn;
  }
  function ClassBar({ classes: classes2 }) {
    const all = parts(classes2);
    const words2 = classes2.slice(0, DRAWN).map(([place2, n3]) => `${className(place2)}: ${count(n3)}`);
    if (classes2.length > DRAWN) words2.push(`${count(classes2.length - DRAWN)} other classes`);
    return /* @__PURE__ */ a4("div", { class: "class-bar", role: "img", "aria-label": words2.join(", ") || "No clip has a class", title: words2.join("\n"), children: all.map(({ share, rank }) => /* @__PURE__ */ a4("span", { class: `rank-${rank}`, style: { width: `${(100 * share).toFixed(3)}%` } }, rank)) });
  }
  function Measure({ name, value, title }) {
    if (value === null) return null;
    return /* @__PURE__ */ a4("div", { class: "measure", title, children: [
      /* @__PURE__ */ a4("dt", { children: name }),
      /* @__PURE__ */ a4("dd", { children: [
        /* @__PURE__ */ a4("span", { class: "track", "aria-hidden": "true", children: /* @__PURE__ */ a4("span", { style: { width: `${(100 * value).toFixed(1)}%` } }) }),
        /* @__PURE__ */ a4("span", { class: "value", children: percent(value) })
      ] })
    ] });
  }

  // src/state/selection.ts
  var selection = y3(/* @__PURE__ */ new Set());
  var selecting = y3(false);
  var selected = O(() => selection.value.size);
  var last = -1;
  function toggle(row, range, list) {
    const next = new Set(selection.peek());
    const [from, to] = [list.indexOf(last), list.indexOf(row)];
    if (range && from >= 0 && to >= 0)
      for (const one of list.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
    else if (next.has(row)) next.delete(row);
    else next.add(row);
    last = row;
    selection.value = next;
  }
  var selectAll = (rows) => {
    selection.value = /* @__PURE__ */ new Set([...selection.peek(), ...rows]);
  };
  function clearSelection() {
    selection.value = /* @__PURE__ */ new Set();
    selecting.value = false;
    last = -1;
  }
  function listed() {
    return [...selection.peek()].sort((a5, b3) => a5 - b3).map((row) => {
      const times = timesOf(row);
      const cluster = clusterOf(row);
      const place2 = classOf(row);
      return {
        id: idOf(row),
        path: pathOf(row),
        start: times?.[0] ?? null,
        end: times?.[1] ?? null,
        cluster: cluster < 0 ? null : cluster,
        name: cluster < 0 ? "" : nameOf(cluster),
        class: place2 < 0 ? "" : className(place2),
        margin: marginOf(row),
        tags: tagsOf(row)
      };
    });
  }
  var EXPORTS = {
    csv: { word: "CSV", name: "selection.csv", type: "text/csv", text: selectionTable },
    labelStudio: { word: "Label Studio", name: "label-studio.json", type: "application/json", text: labelStudio },
    fiftyOne: { word: "FiftyOne", name: "fiftyone.json", type: "application/json", text: (clips) => fiftyOne(run.title, clips) }
  };
  function saveSelection(kind) {
    const { name, type, text } = EXPORTS[kind];
    const needed = ["ids", "paths", "times"].filter((one) => run.columns.includes(one));
    once(() => needed.every((one) => column(one) !== null), () => save(name, text(listed()), type));
  }

  // src/ui/tile.tsx
  var keyOfTile = ({ row, place: place2 }) => `${place2}:${row}`;
  var rowOfTile = (key2) => Number(key2.slice(key2.indexOf(":") + 1));
  function describeClip(row, common) {
    const margin = marginOf(row);
    const place2 = classOf(row);
    const seen2 = [place2 >= 0 ? className(place2) : "", margin === null ? "" : percent(margin)];
    return `${seen2.join(" ").trim()}; ${further(row, common, mediaOf(row))}`;
  }
  function further(row, common, media) {
    const place2 = classOf(row);
    return [
      place2 >= 0 && common >= 0 && place2 !== common ? "not the commonest class" : "",
      byPerson(row) ? "moved here by you" : "",
      ...tagsOf(row).map((name) => `tag ${name}`),
      media === 1 ? "picture only" : "",
      keyOf(row)
    ].filter(Boolean).join("; ");
  }
  function Tile({ row, place: place2, common, stop, list }) {
    const key2 = keyOfTile({ row, place: place2 });
    const now = playing.value;
    const plays = now?.key === key2;
    const kind = classOf(row);
    const differs = kind >= 0 && common >= 0 && kind !== common;
    const margin = marginOf(row);
    const media = mediaOf(row);
    const id = idOf(row);
    const choosing = list !== void 0 && selecting.value;
    const chosen = choosing && selection.value.has(row);
    const tags = tagsOf(row);
    const open2 = (event) => {
      stopPlaying();
      if (choosing) return toggle(row, event.shiftKey, list);
      openClip(id);
    };
    return /* @__PURE__ */ a4(
      "button",
      {
        type: "button",
        class: `tile${differs ? " differs" : ""}${plays ? " playing" : ""}`,
        "data-row": row,
        tabIndex: stop ? 0 : -1,
        ...choosing ? { "aria-pressed": chosen } : {},
        onClick: open2,
        onKeyDown: (event) => {
          if (event.key !== " ") return;
          event.preventDefault();
          if (!event.repeat) togglePlay(key2);
        },
        onPointerEnter: (event) => point(key2, event),
        onPointerLeave: (event) => point(null, event),
        onFocus: (event) => {
          if (event.currentTarget.matches(":focus-visible")) hover(key2);
        },
        onBlur: () => hover(null),
        style: { aspectRatio: run.media.aspect },
        children: [
          /* @__PURE__ */ a4(Still, { row, media }),
          plays && media === 2 && /* @__PURE__ */ a4(Playing, { row, tile: key2, sound: now.sound }),
          plays && media === 1 && /* @__PURE__ */ a4("span", { class: "still", children: "picture only" }),
          choosing && /* @__PURE__ */ a4("span", { class: "box", children: chosen && /* @__PURE__ */ a4(Icon, { name: "check" }) }),
          tags.length > 0 && /* @__PURE__ */ a4("span", { class: "tags", children: tags.join(" ") }),
          /* @__PURE__ */ a4("span", { class: "caption", children: [
            byPerson(row) && /* @__PURE__ */ a4(Icon, { name: "pen" }),
            differs && /* @__PURE__ */ a4(Icon, { name: "differs" }),
            /* @__PURE__ */ a4("span", { class: "what", children: kind >= 0 ? className(kind) : fileName(keyOf(row)) }),
            " ",
            margin !== null && /* @__PURE__ */ a4("span", { class: "value", children: percent(margin) })
          ] }),
          /* @__PURE__ */ a4("span", { class: "unseen", children: further(row, common, media) })
        ]
      }
    );
  }
  function Still({ row, media }) {
    const id = media ? idOf(row) : "";
    const [missing, setMissing] = d2("");
    if (!id || id === missing) return /* @__PURE__ */ a4("span", { class: "bare", children: keyOf(row) });
    const fail = () => {
      setMissing(id);
      trouble.value ||= `clips/${id}.jpg cannot be read. Is the folder “clips” beside the page?`;
    };
    return /* @__PURE__ */ a4("img", { src: `clips/${id}.jpg`, alt: "", loading: "lazy", decoding: "async", onError: fail });
  }
  function Playing({ row, tile, sound }) {
    const element = T2(null);
    A2(() => {
      const video = element.current;
      video.muted = !sound;
      video.play().catch((error) => {
        if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
        video.muted = true;
        video.play().catch(() => {
        });
      });
    }, [sound]);
    A2(() => {
      const video = element.current;
      return () => {
        video.pause();
        video.removeAttribute("src");
        video.load();
        stopTourAt(tile);
      };
    }, []);
    const touring = tour.value !== null;
    return /* @__PURE__ */ a4(
      "video",
      {
        ref: element,
        src: `clips/${idOf(row)}.mp4`,
        playsInline: true,
        loop: !touring,
        "aria-hidden": "true",
        tabIndex: -1,
        onEnded: stepTour,
        onError: stepTour
      }
    );
  }

  // src/ui/words.ts
  var MEANS = {
    purity: "Share of the commonest class among the clips of the cluster that have a class.",
    margin: "Probability of the cluster minus that of the next one. Small: the clip could be in another cluster.",
    heads: "Share of the other heads that put the clip into the same cluster. The heads are trained side by side.",
    modalities: "Share of the clips that video alone and audio alone put into the same cluster.",
    entropy: "Entropy of the classes, in bits: 0 if all clips are of one class."
  };

  // src/views/selectionbar.tsx
  function ClusterChoice({ word, without, choose }) {
    return /* @__PURE__ */ a4(
      "select",
      {
        "aria-label": word,
        value: "",
        onChange: (event) => {
          const { value } = event.currentTarget;
          event.currentTarget.value = "";
          if (value) choose(Number(value));
        },
        children: [
          /* @__PURE__ */ a4("option", { value: "", children: [
            word,
            " …"
          ] }),
          targets.value.filter((cluster) => cluster !== without).map((cluster) => /* @__PURE__ */ a4("option", { value: cluster, children: titleOf(cluster) }, cluster))
        ]
      }
    );
  }
  function TagForm({ add }) {
    const input = T2(null);
    return /* @__PURE__ */ a4("form", { class: "tagging", onSubmit: (event) => {
      event.preventDefault();
      const name = input.current.value.trim().split(/\s+/).join("-");
      input.current.value = "";
      if (name) add(name);
    }, children: [
      /* @__PURE__ */ a4("input", { ref: input, size: 10, maxLength: 60, placeholder: "Tag", "aria-label": "Tag", autocomplete: "off" }),
      /* @__PURE__ */ a4("button", { type: "submit", children: "Tag" })
    ] });
  }
  function SelectionBar() {
    if (!selected.value) return null;
    const rows = () => [...selection.value];
    const done = (act2) => {
      act2();
      clearSelection();
      document.getElementById("main")?.focus({ preventScroll: true });
    };
    return /* @__PURE__ */ a4("section", { class: "selection", "aria-label": "Selected clips", children: [
      /* @__PURE__ */ a4("output", { role: "status", children: [
        plural(selected.value, "clip"),
        " selected"
      ] }),
      canEdit.value && /* @__PURE__ */ a4($, { children: [
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => done(() => moveClips(rows(), -1)), children: [
          /* @__PURE__ */ a4(Icon, { name: "close" }),
          "Not this"
        ] }),
        /* @__PURE__ */ a4(ClusterChoice, { word: "Move to", without: -1, choose: (cluster) => done(() => moveClips(rows(), cluster)) }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => done(() => {
          go(addressOf("cluster", splitOff(rows(), Math.max(0, clusterOf(rows()[0])))));
        }), children: "New cluster" }),
        /* @__PURE__ */ a4(TagForm, { add: (name) => done(() => tagClips(rows(), name, true)) })
      ] }),
      /* @__PURE__ */ a4("span", { class: "exports", children: Object.keys(EXPORTS).map((kind) => /* @__PURE__ */ a4("button", { type: "button", onClick: () => saveSelection(kind), children: [
        /* @__PURE__ */ a4(Icon, { name: "save" }),
        EXPORTS[kind].word
      ] }, kind)) }),
      /* @__PURE__ */ a4("button", { type: "button", class: "quiet", onClick: () => done(() => {
      }), children: [
        /* @__PURE__ */ a4(Icon, { name: "close" }),
        "Clear"
      ] })
    ] });
  }

  // src/views/clipedits.tsx
  function moveOn(row, cluster, onwards) {
    if (!canEdit.value || clusterOf(row) === cluster) return;
    moveClips([row], cluster);
    onwards();
  }
  function ClipEdits({ row, onwards }) {
    if (!canEdit.value) return null;
    const own = modelClusters.value?.[row] ?? -1;
    const tags = tagsOf(row);
    return /* @__PURE__ */ a4("div", { class: "clip-edits", role: "group", "aria-label": "Correct this clip", children: [
      clusterOf(row) >= 0 && /* @__PURE__ */ a4("button", { type: "button", "aria-keyshortcuts": "x", onClick: () => moveOn(row, -1, onwards), children: [
        /* @__PURE__ */ a4(Icon, { name: "close" }),
        "Not this"
      ] }),
      /* @__PURE__ */ a4(ClusterChoice, { word: "Move to", without: clusterOf(row), choose: (cluster) => moveOn(row, cluster, onwards) }),
      /* @__PURE__ */ a4(TagForm, { add: (name) => tagClips([row], name, true) }),
      byPerson(row) && /* @__PURE__ */ a4("p", { class: "aside", children: [
        /* @__PURE__ */ a4(Icon, { name: "pen" }),
        "Changed by you; the model says ",
        titleOf(own),
        "."
      ] }),
      tags.length > 0 && /* @__PURE__ */ a4("ul", { class: "chips", "aria-label": "Tags", children: tags.map((name) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4("button", { type: "button", class: "chip", title: `Take the tag ${name} away`, onClick: () => tagClips([row], name, false), children: [
        /* @__PURE__ */ a4("span", { class: "what", children: name }),
        /* @__PURE__ */ a4(Icon, { name: "close" })
      ] }) }, name)) })
    ] });
  }

  // src/views/wave.tsx
  var PEAKS = 48;
  var places2 = O(() => {
    const media = column("media");
    if (!media) return null;
    const found2 = new Int32Array(run.clips).fill(-1);
    let place2 = 0;
    for (let row = 0; row < media.length; row++) if (media[row] === 2) found2[row] = place2++;
    return found2;
  });
  function Wave({ row, video }) {
    const head = T2(null);
    const waves = column("waves");
    const place2 = places2.value?.[row] ?? -1;
    A2(() => {
      let frame = 0;
      const follow = () => {
        const { currentTime = 0, duration = 0 } = video.current ?? {};
        const x3 = duration ? PEAKS * currentTime / duration : 0;
        head.current?.setAttribute("x1", x3.toFixed(2));
        head.current?.setAttribute("x2", x3.toFixed(2));
        frame = requestAnimationFrame(follow);
      };
      frame = requestAnimationFrame(follow);
      return () => cancelAnimationFrame(frame);
    }, [row]);
    if (!waves || place2 < 0) return null;
    const peaks = waves.subarray(PEAKS * place2, PEAKS * (place2 + 1));
    if (!peaks.some((peak) => peak > 0)) return /* @__PURE__ */ a4("p", { class: "aside wave-none", children: "No sound." });
    const seek = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      if (video.current?.duration) video.current.currentTime = video.current.duration * (event.clientX - box.left) / box.width;
    };
    return /* @__PURE__ */ a4("svg", { class: "wave", viewBox: `0 0 ${PEAKS} 32`, preserveAspectRatio: "none", "aria-hidden": "true", onClick: seek, children: [
      [...peaks].map((peak, at) => {
        const height = Math.max(0.6, peak / 255 * 30);
        return /* @__PURE__ */ a4("rect", { x: at + 0.15, y: 16 - height / 2, width: 0.7, height }, at);
      }),
      /* @__PURE__ */ a4("line", { ref: head, y1: 0, y2: 32, x1: 0, x2: 0, "vector-effect": "non-scaling-stroke" })
    ] });
  }

  // src/views/clip.tsx
  function ClipDialog() {
    const id = setting("clip");
    const row = id ? rowOf(id) : -1;
    const dialog = T2(null);
    const last2 = T2(-1);
    const shown3 = row >= 0;
    if (shown3) last2.current = row;
    A2(() => {
      const element = dialog.current;
      if (shown3 && !element.open) element.showModal();
      if (!shown3 && element.open) {
        element.close();
        focusTile2(last2.current);
      }
    }, [shown3]);
    return /* @__PURE__ */ a4(
      "dialog",
      {
        ref: dialog,
        class: "clip",
        "aria-labelledby": "clip-title",
        onCancel: (event) => {
          event.preventDefault();
          closeClip();
        },
        onClose: (event) => {
          if (!event.currentTarget.open && shown3) closeClip();
        },
        onClick: (event) => {
          if (event.target === event.currentTarget) closeClip();
        },
        children: shown3 && /* @__PURE__ */ a4(Shown, { row, close: closeClip })
      }
    );
  }
  function NoSuchClip() {
    const id = setting("clip");
    if (!id || !column("ids") || rowOf(id) >= 0) return null;
    return /* @__PURE__ */ a4("p", { class: "trouble", role: "alert", children: [
      "This page has no clip ",
      id,
      ": the link is of another run."
    ] });
  }
  function focusTile2(row) {
    const now = document.activeElement;
    if (now !== document.body && !now?.matches(".tile")) return;
    const tile = document.querySelector(`.tile[data-row="${row}"]`);
    if (tile) tile.focus();
    else if (now === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  }
  var STRIP = 9;
  function Shown({ row, close }) {
    const video = T2(null);
    const [failed2, setFailed] = d2(false);
    const cluster = clusterOf(row);
    const common = summary.value?.[cluster]?.classes[0]?.[0] ?? -1;
    const rows = ordered(cluster, common);
    const at = rows.indexOf(row);
    const step2 = (by) => {
      const next = rows[at + by];
      if (next !== void 0) change({ clip: idOf(next) }, true);
    };
    const media = mediaOf(row);
    const kind = classOf(row);
    A2(() => {
      setFailed(false);
      video.current?.play().catch(() => {
      });
    }, [row]);
    const onwards = () => {
      const next = rows[at + 1] ?? rows[at - 1];
      if (next === void 0) close();
      else change({ clip: idOf(next) }, true);
    };
    const keys2 = (event) => {
      if (takesLetters(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const by = { ArrowLeft: -1, ArrowRight: 1, k: -1, j: 1 }[event.key];
      if (by) step2(by);
      else if (event.key === "x") {
        if (!event.repeat) moveOn(row, -1, onwards);
      } else if (event.key === " " && !(event.target instanceof HTMLButtonElement)) {
        const one = video.current;
        if (one && !event.repeat) one.paused ? void one.play() : one.pause();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };
    const first = Math.max(0, Math.min(at - Math.floor(STRIP / 2), rows.length - STRIP));
    const times = timesOf(row);
    const repeated = firstOf(row);
    return /* @__PURE__ */ a4("div", { class: "clip-body", onKeyDownCapture: keys2, children: [
      /* @__PURE__ */ a4("div", { class: "seen", children: [
        /* @__PURE__ */ a4("div", { class: "stage", style: { aspectRatio: run.media.aspect }, children: [
          media === 2 ? /* @__PURE__ */ a4(
            "video",
            {
              ref: video,
              controls: true,
              loop: true,
              playsInline: true,
              src: `clips/${idOf(row)}.mp4`,
              poster: `clips/${idOf(row)}.jpg`,
              onError: () => setFailed(true)
            },
            row
          ) : /* @__PURE__ */ a4(Still, { row, media }),
          failed2 && /* @__PURE__ */ a4("p", { role: "alert", children: "This clip cannot be played. Is the folder “clips” beside the page?" }),
          media < 2 && /* @__PURE__ */ a4("p", { class: "aside", children: [
            "This clip is not stored with the page, which has a limit of size",
            media === 1 && "; this is its picture",
            "."
          ] })
        ] }),
        media === 2 && /* @__PURE__ */ a4(Wave, { row, video })
      ] }),
      /* @__PURE__ */ a4("div", { class: "clip-strip", role: "group", "aria-label": "Clips of this cluster", children: rows.slice(first, first + STRIP).map((one) => /* @__PURE__ */ a4(
        "button",
        {
          type: "button",
          "aria-label": describeClip(one, common),
          ...one === row ? { "aria-current": "true" } : {},
          onClick: () => change({ clip: idOf(one) }, true),
          style: { aspectRatio: run.media.aspect },
          children: /* @__PURE__ */ a4(Still, { row: one, media: mediaOf(one) })
        },
        one
      )) }),
      /* @__PURE__ */ a4("div", { class: "about", children: [
        /* @__PURE__ */ a4("p", { class: "eyebrow", children: [
          cluster >= 0 && /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), children: titleOf(cluster) }),
          at >= 0 && /* @__PURE__ */ a4("span", { children: [
            "clip ",
            at + 1,
            " of ",
            rows.length
          ] })
        ] }),
        /* @__PURE__ */ a4("h2", { id: "clip-title", children: kind >= 0 ? className(kind) : fileName(keyOf(row)) }),
        kind >= 0 && common >= 0 && kind !== common && /* @__PURE__ */ a4("p", { class: "differs", children: [
          /* @__PURE__ */ a4(Icon, { name: "differs" }),
          "Most of this cluster is ",
          className(common),
          "."
        ] }),
        /* @__PURE__ */ a4("dl", { class: "measures", children: [
          /* @__PURE__ */ a4(Measure, { name: "Margin", value: marginOf(row), title: MEANS.margin }),
          /* @__PURE__ */ a4(Measure, { name: "Heads agree", value: headShares.value ? headShares.value[row] / 255 : null, title: MEANS.heads })
        ] }),
        /* @__PURE__ */ a4(Choices, { row, cluster }),
        /* @__PURE__ */ a4(ClipEdits, { row, onwards }),
        /* @__PURE__ */ a4("p", { class: "path", children: [
          pathOf(row),
          times && `, ${clock(times[0])} to ${clock(times[1])}`
        ] }),
        repeated !== null && /* @__PURE__ */ a4("p", { children: [
          "It is the same, or nearly, as",
          " ",
          /* @__PURE__ */ a4("button", { type: "button", class: "quiet", onClick: () => change({ clip: idOf(repeated) }, true), children: keyOf(repeated) })
        ] }),
        /* @__PURE__ */ a4("p", { class: "steps", children: [
          /* @__PURE__ */ a4("button", { type: "button", disabled: at <= 0, onClick: () => step2(-1), "aria-keyshortcuts": "ArrowLeft", children: [
            /* @__PURE__ */ a4(Icon, { name: "before" }),
            "Previous"
          ] }),
          /* @__PURE__ */ a4("button", { type: "button", disabled: at < 0 || at === rows.length - 1, onClick: () => step2(1), "aria-keyshortcuts": "ArrowRight", children: [
            "Next",
            /* @__PURE__ */ a4(Icon, { name: "after" })
          ] }),
          /* @__PURE__ */ a4("button", { type: "button", onClick: close, "aria-keyshortcuts": "Escape", children: [
            /* @__PURE__ */ a4(Icon, { name: "close" }),
            "Close"
          ] })
        ] })
      ] })
    ] });
  }
  function Choices({ row, cluster }) {
    const second = isSelected.value ? column("second") : null;
    const choices = [
      ["Second choice", second?.[row]],
      ["Video alone", byVideo.value?.[row]],
      ["Audio alone", byAudio.value?.[row]]
    ];
    const known = choices.flatMap(([words2, other]) => other === void 0 || other < 0 ? [] : [[words2, mergedInto(other)]]);
    if (!known.length) return null;
    return /* @__PURE__ */ a4("dl", { class: "choices", children: known.map(([words2, other]) => /* @__PURE__ */ a4("div", { children: [
      /* @__PURE__ */ a4("dt", { children: words2 }),
      /* @__PURE__ */ a4("dd", { children: other === cluster ? "this cluster" : /* @__PURE__ */ a4("a", { href: addressOf("cluster", other), children: titleOf(other) }) })
    ] }, words2)) });
  }

  // src/views/help.tsx
  var KEYS2 = [
    ["/", "search"],
    ["j, k", "next, previous cluster or clip"],
    ["arrows, Home, End", "from clip to clip, to the first, to the last"],
    ["Space", "play or stop the clip with sound"],
    ["Enter", "open the clip"],
    ["x", "in an open clip: not of this cluster"],
    ["Ctrl Z", "undo a correction"],
    ["Ctrl Shift Z", "redo it"],
    ["Esc", "stop, close"],
    ["?", "this help"]
  ];
  function Help() {
    const dialog = T2(null);
    const open2 = helpOpen.value;
    A2(() => {
      if (open2) dialog.current.showModal();
      else dialog.current.close();
    }, [open2]);
    return /* @__PURE__ */ a4("dialog", { ref: dialog, class: "help", "aria-labelledby": "help-title", onClose: () => {
      helpOpen.value = false;
    }, children: [
      /* @__PURE__ */ a4("h2", { id: "help-title", tabIndex: -1, autofocus: true, children: "How to read this page" }),
      /* @__PURE__ */ a4("p", { children: "A card is a cluster. It shows a few of its clips: half are the most typical ones, the others lie evenly spread over the rest, down to the least certain, so that doubtful clips are seen too. Its title leads to all its clips." }),
      /* @__PURE__ */ a4("dl", { class: "terms", children: [
        classed && /* @__PURE__ */ a4($, { children: [
          /* @__PURE__ */ a4("dt", { children: "Purity" }),
          /* @__PURE__ */ a4("dd", { children: [
            MEANS.purity,
            " Classes were not used in training."
          ] })
        ] }),
        /* @__PURE__ */ a4("dt", { children: "Margin" }),
        /* @__PURE__ */ a4("dd", { children: MEANS.margin }),
        run.columns.includes("heads") && /* @__PURE__ */ a4($, { children: [
          /* @__PURE__ */ a4("dt", { children: "Heads agree" }),
          /* @__PURE__ */ a4("dd", { children: MEANS.heads })
        ] }),
        /* @__PURE__ */ a4("dt", { children: "Video and audio agree" }),
        /* @__PURE__ */ a4("dd", { children: MEANS.modalities })
      ] }),
      classed && /* @__PURE__ */ a4("p", { children: [
        "A clip of another class than most of its cluster has the mark ",
        /* @__PURE__ */ a4(Icon, { name: "differs" }),
        " before its class."
      ] }),
      /* @__PURE__ */ a4("h3", { children: "Keys" }),
      /* @__PURE__ */ a4("dl", { class: "keys", children: KEYS2.map(([key2, words2]) => /* @__PURE__ */ a4("div", { children: [
        /* @__PURE__ */ a4("dt", { children: /* @__PURE__ */ a4("kbd", { children: key2 }) }),
        /* @__PURE__ */ a4("dd", { children: words2 })
      ] }, key2)) }),
      /* @__PURE__ */ a4("button", { type: "button", onClick: () => {
        helpOpen.value = false;
      }, children: [
        /* @__PURE__ */ a4(Icon, { name: "close" }),
        "Close"
      ] })
    ] });
  }

  // src/data/neighbours.ts
  function neighbours(cluster, rows, columns2, into = (one) => one, most = 5) {
    const found2 = /* @__PURE__ */ new Map();
    for (const kind of ["second", "video", "audio"]) {
      const column2 = columns2[kind];
      if (!column2) continue;
      for (const row of rows) {
        const other = into(column2[row]);
        if (other < 0 || other === cluster) continue;
        let one = found2.get(other);
        if (!one) found2.set(other, one = { cluster: other, second: 0, video: 0, audio: 0 });
        one[kind]++;
      }
    }
    const doubts2 = (one) => one.second + one.video + one.audio;
    return [...found2.values()].sort((a5, b3) => doubts2(b3) - doubts2(a5) || a5.cluster - b3.cluster).slice(0, most);
  }

  // src/ui/chips.tsx
  function ClassChip({ place: place2, clips, rank }) {
    const set = setting("class") === String(place2);
    return /* @__PURE__ */ a4(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": set,
        title: set ? "Show all classes" : `Show the clips of ${className(place2)}`,
        onClick: () => change({ class: set ? null : String(place2) }),
        children: [
          rank !== void 0 && /* @__PURE__ */ a4("i", { class: `swatch rank-${rank}` }),
          /* @__PURE__ */ a4("span", { class: "what", children: className(place2) }),
          clips !== void 0 && /* @__PURE__ */ a4("b", { children: count(clips) }),
          set && /* @__PURE__ */ a4(Icon, { name: "close" })
        ]
      }
    );
  }
  function ClassChips({ classes: classes2, shown: shown3 }) {
    const rest = classes2.slice(shown3);
    return /* @__PURE__ */ a4("ul", { class: "chips", "aria-label": "Classes", children: [
      classes2.slice(0, shown3).map(([place2, clips], rank) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4(ClassChip, { place: place2, clips, rank }) }, place2)),
      rest.length > 0 && /* @__PURE__ */ a4("li", { class: "more", title: rest.slice(0, 20).map(([place2, n3]) => `${className(place2)}: ${count(n3)}`).join("\n"), children: [
        "and ",
        count(rest.length),
        " more"
      ] })
    ] });
  }

  // src/ui/loading.tsx
  function Loading() {
    return /* @__PURE__ */ a4("p", { class: "loading", role: "status", children: "Loading clips …" });
  }

  // src/ui/rename.tsx
  function Rename({ cluster }) {
    const [open2, setOpen] = d2(false);
    const button = T2(null);
    const ended = T2(false);
    if (!canEdit.value) return null;
    const end = (name, focus) => {
      if (ended.current) return;
      ended.current = true;
      if (name !== null) renameCluster(cluster, name);
      setOpen(false);
      if (focus) requestAnimationFrame(() => button.current?.focus());
    };
    if (!open2)
      return /* @__PURE__ */ a4(
        "button",
        {
          ref: button,
          type: "button",
          class: "quiet rename",
          "aria-label": `Rename ${titleOf(cluster)}`,
          onClick: () => {
            ended.current = false;
            setOpen(true);
          },
          children: [
            /* @__PURE__ */ a4(Icon, { name: "pen" }),
            "Rename"
          ]
        }
      );
    return /* @__PURE__ */ a4(Box, { cluster, end });
  }
  function Box({ cluster, end }) {
    const box = T2(null);
    A2(() => {
      box.current.select();
      box.current.focus();
    }, []);
    return /* @__PURE__ */ a4("form", { class: "naming", onSubmit: (event) => {
      event.preventDefault();
      end(box.current.value, true);
    }, children: /* @__PURE__ */ a4(
      "input",
      {
        ref: box,
        defaultValue: nameOf(cluster),
        maxLength: 200,
        autocomplete: "off",
        placeholder: `Name of cluster ${cluster}`,
        "aria-label": `Name of cluster ${cluster}`,
        onBlur: (event) => end(event.currentTarget.value, false),
        onKeyDown: (event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          end(null, true);
        }
      }
    ) });
  }

  // node_modules/@tanstack/virtual-core/dist/esm/lazy-measurements.js
  function getMeasurementKey(item) {
    return typeof item === "object" ? item.key : item;
  }
  function createLazyMeasurementsView(cache, flat) {
    const count2 = cache.length;
    return new Proxy(cache, {
      get(target, prop, receiver) {
        if (typeof prop === "string") {
          const c4 = prop.charCodeAt(0);
          if (c4 >= 48 && c4 <= 57) {
            const i4 = +prop;
            if (Number.isInteger(i4) && i4 >= 0 && i4 < count2) {
              let v4 = target[i4];
              if (typeof v4 !== "object") {
                const s4 = flat[i4 * 2];
                v4 = target[i4] = {
                  index: i4,
                  key: v4,
                  start: s4,
                  size: flat[i4 * 2 + 1],
                  end: s4 + flat[i4 * 2 + 1],
                  lane: 0
                };
              }
              return v4;
            }
          }
          if (prop === "length") return count2;
        }
        return Reflect.get(target, prop, receiver);
      }
    });
  }

  // node_modules/@tanstack/virtual-core/dist/esm/utils.js
  function memo(getDeps, fn, opts) {
    let deps = opts.initialDeps ?? [];
    let result;
    let isInitial = true;
    function memoizedFunction() {
      var _a;
      const debugEnabled = !!opts.key && !!((_a = opts.debug) == null ? void 0 : _a.call(opts));
      let depTime = 0;
      if (debugEnabled) depTime = Date.now();
      const newDeps = getDeps();
      const depsChanged = newDeps.length !== deps.length || newDeps.some((dep, index2) => deps[index2] !== dep);
      if (!depsChanged) {
        return result;
      }
      deps = newDeps;
      let resultTime = 0;
      if (debugEnabled) resultTime = Date.now();
      result = fn(...newDeps);
      if (debugEnabled) {
        const depEndTime = Math.round((Date.now() - depTime) * 100) / 100;
        const resultEndTime = Math.round((Date.now() - resultTime) * 100) / 100;
        const resultFpsPercentage = resultEndTime / 16;
        const pad = (str, num) => {
          str = String(str);
          while (str.length < num) {
            str = " " + str;
          }
          return str;
        };
        console.info(
          `%c⏱ ${pad(resultEndTime, 5)} /${pad(depEndTime, 5)} ms`,
          `
            font-size: .6rem;
            font-weight: bold;
            color: hsl(${Math.max(
            0,
            Math.min(120 - 120 * resultFpsPercentage, 120)
          )}deg 100% 31%);`,
          opts == null ? void 0 : opts.key
        );
      }
      if ((opts == null ? void 0 : opts.onChange) && !(isInitial && opts.skipInitialOnChange)) {
        opts.onChange(result);
      }
      isInitial = false;
      return result;
    }
    memoizedFunction.updateDeps = (newDeps) => {
      deps = newDeps;
    };
    return memoizedFunction;
  }
  function notUndefined(value, msg) {
    if (value === void 0) {
      throw new Error(`Unexpected undefined${msg ? `: ${msg}` : ""}`);
    } else {
      return value;
    }
  }
  var approxEqual = (a5, b3) => Math.abs(a5 - b3) < 1.01;
  var debounce = (targetWindow, fn, ms) => {
    let timeoutId;
    return Object.assign(
      function(...args) {
        targetWindow.clearTimeout(timeoutId);
        timeoutId = targetWindow.setTimeout(() => fn.apply(this, args), ms);
      },
      {
        // The handle is closure-local, so a caller that has already
        // unsubscribed has no way to stop a queued call. Teardown paths use
        // this to drop the pending invocation instead of letting it land.
        cancel: () => {
          targetWindow.clearTimeout(timeoutId);
        }
      }
    );
  };

  // node_modules/@tanstack/virtual-core/dist/esm/scroll-classifier.js
  function classifyScrollEvent({
    offset,
    isScrolling,
    elementMax,
    holdOffset,
    scrollOffset,
    pendingWrite,
    clampedMaxAtWrite
  }) {
    var _a;
    if (isScrolling && pendingWrite === null && offset === scrollOffset) {
      return "spurious";
    }
    if (pendingWrite !== null && Math.abs(offset - pendingWrite.target) < 1.5) {
      return "readBack";
    }
    if (pendingWrite !== null && !pendingWrite.smooth && elementMax !== null && pendingWrite.target > elementMax + holdOffset + 0.5 && Math.abs(offset - (elementMax + holdOffset)) < 1.5) {
      return "clampedReadBack";
    }
    if (pendingWrite !== null && !pendingWrite.smooth && ((_a = pendingWrite.lowMaxes) == null ? void 0 : _a.some((max) => Math.abs(offset - max) < 1.5))) {
      return "clampedReadBack";
    }
    if (clampedMaxAtWrite !== null && Math.abs(offset - clampedMaxAtWrite) < 1.5) {
      return "clampedEcho";
    }
    return "external";
  }
  var isAnimating = (phase) => phase === "smooth" || phase === "smoothFinishing";
  function externalRetiresCommand({
    kind,
    offset,
    command,
    target
  }) {
    return kind !== "spurious" && kind !== "readBack" && // Our own write, clamped (`clampedReadBack`, #1310): the command is not
    // retired by it, and reconcile retargets below the new max.
    kind !== "clampedReadBack" && (command == null ? void 0 : command.index) != null && // Nothing has been written for a command waiting for the tail; these
    // are the fling's events.
    command.phase !== "queued" && // A non-smooth write lands at once, so any other scroll event is the
    // user's, even before reconcile saw the target reached (the target may
    // keep moving, or iOS ignored the write under a finger). A write the
    // browser clamped because the sizer hasn't grown yet reads back at the
    // max, which is also where the fresh target clamps, so the check below
    // keeps it reconciling (#1294). While a smooth scroll's animation may
    // still report, its events look like a user's, so it yields only once it
    // has landed.
    !isAnimating(command.phase) && !approxEqual(offset, command.lastTargetOffset) && !approxEqual(offset, target()) && // A compensation write's clamped echo (#1258) keeps the command. The
    // order is deliberate, not tidiness: this clause stays after `target()`
    // (and `clampedReadBack` before it) because `target()` can rebuild the
    // measurements, so it must run for exactly the events it always did.
    kind !== "clampedEcho";
  }
  var FLING_WINDOW_MS = 40;
  function flingSpedUp(samples) {
    const last2 = samples[samples.length - 1];
    if (last2 === void 0) return false;
    let j3 = samples.length - 2;
    while (j3 >= 0 && last2.t - samples[j3].t < FLING_WINDOW_MS) j3--;
    if (j3 < 0) return false;
    const mid = samples[j3];
    let k4 = j3 - 1;
    while (k4 >= 0 && mid.t - samples[k4].t < FLING_WINDOW_MS) k4--;
    if (k4 < 0) return false;
    const first = samples[k4];
    const recent = (last2.offset - mid.offset) / (last2.t - mid.t);
    const before = (mid.offset - first.offset) / (mid.t - first.t);
    return recent * before >= 0 && Math.abs(recent) >= 2 * Math.abs(before) && Math.abs(recent) - Math.abs(before) >= 0.8;
  }
  function flingCaught(samples) {
    const last2 = samples[samples.length - 1];
    if (last2 === void 0) return false;
    let j3 = samples.length - 2;
    while (j3 >= 0 && last2.t - samples[j3].t < FLING_WINDOW_MS) j3--;
    if (j3 < 0) return false;
    const from = samples[j3];
    return Math.abs(last2.offset - from.offset) / (last2.t - from.t) >= 0.05;
  }

  // node_modules/@tanstack/virtual-core/dist/esm/ios-gesture.js
  var _isIOSResult;
  var isIOSWebKit = () => {
    if (_isIOSResult !== void 0) return _isIOSResult;
    if (typeof navigator === "undefined") return _isIOSResult = false;
    if (/iP(hone|od|ad)/.test(navigator.userAgent)) return _isIOSResult = true;
    const mtp = navigator.maxTouchPoints;
    return _isIOSResult = navigator.platform === "MacIntel" && mtp !== void 0 && mtp > 0;
  };
  var _iosMomentumOverridesWritesResult;
  var iosMomentumOverridesWrites = () => {
    if (_iosMomentumOverridesWritesResult !== void 0) {
      return _iosMomentumOverridesWritesResult;
    }
    return _iosMomentumOverridesWritesResult = isIOSWebKit() && typeof CSS !== "undefined" && typeof CSS.supports === "function" && CSS.supports("overflow-anchor: auto");
  };
  var momentumOverridesWrites = () => !isIOSWebKit() || iosMomentumOverridesWrites();
  var touchListenerOptions = {
    capture: true,
    passive: true
  };
  var IosGesture = class {
    constructor(host) {
      this.host = host;
      this._touch = null;
      this.inMotion = () => this._touch !== null && this._touch.phase !== "lateFling";
      this.dragging = () => {
        var _a;
        return ((_a = this._touch) == null ? void 0 : _a.phase) === "down" && this._touch.moved;
      };
      this.tail = () => {
        var _a;
        return ((_a = this._touch) == null ? void 0 : _a.phase) === "tail" ? this._touch.moved ? "fling" : "tap" : null;
      };
      this.onScroll = ({
        isScrolling,
        ownReadBack,
        moved,
        external
      }) => {
        var _a, _b, _c;
        if (isScrolling && ((_a = this._touch) == null ? void 0 : _a.phase) === "tail") {
          this._openTail(this._touch.moved || !ownReadBack, false);
        } else if (((_b = this._touch) == null ? void 0 : _b.phase) === "lateFling") {
          if (this.host.now() > this._touch.until) {
            this._touch = null;
          } else if (external && isScrolling && moved) {
            this._openTail(true, false);
          }
        }
        if (!ownReadBack && isScrolling && moved && ((_c = this._touch) == null ? void 0 : _c.phase) === "down") {
          this._touch.moved = true;
          return true;
        }
        return false;
      };
      this.touchStart = () => {
        this.end();
        this._touch = { phase: "down", moved: false };
      };
      this.touchEnd = () => {
        var _a;
        const moved = ((_a = this._touch) == null ? void 0 : _a.phase) === "down" && this._touch.moved;
        this.end();
        this._openTail(moved, moved);
      };
      this.end = () => {
        var _a;
        const win = this.host.getWindow();
        if (((_a = this._touch) == null ? void 0 : _a.phase) === "tail" && win != null) {
          win.clearTimeout(this._touch.timerId);
        }
        this._touch = null;
      };
      this.listen = (target) => {
        const onTouchStart = () => this.touchStart();
        const onTouchEnd = () => this.touchEnd();
        target.addEventListener("touchstart", onTouchStart, touchListenerOptions);
        target.addEventListener("touchend", onTouchEnd, touchListenerOptions);
        target.addEventListener("touchcancel", onTouchEnd, touchListenerOptions);
        return () => {
          target.removeEventListener(
            "touchstart",
            onTouchStart,
            touchListenerOptions
          );
          target.removeEventListener("touchend", onTouchEnd, touchListenerOptions);
          target.removeEventListener(
            "touchcancel",
            onTouchEnd,
            touchListenerOptions
          );
          this.end();
        };
      };
      this._openTail = (moved, awaitingFling) => {
        const win = this.host.getWindow();
        if (win == null) return;
        this.end();
        const tail = {
          phase: "tail",
          moved,
          awaitingFling,
          // Only fires while this tail is current: `end` clears it otherwise.
          timerId: win.setTimeout(() => {
            if (this.host.tailStillMoving()) {
              this._openTail(tail.moved, tail.awaitingFling);
              return;
            }
            this._touch = tail.awaitingFling ? { phase: "lateFling", until: this.host.now() + 1e3 } : null;
            this.host.onTailClosed();
          }, 150)
        };
        this._touch = tail;
      };
    }
    get touch() {
      return this._touch;
    }
  };

  // node_modules/@tanstack/virtual-core/dist/esm/index.js
  var createFrameQueue = (targetWindow) => {
    const ids = /* @__PURE__ */ new Set();
    return {
      schedule: (fn) => {
        const id = targetWindow.requestAnimationFrame(() => {
          ids.delete(id);
          fn();
        });
        ids.add(id);
      },
      cancel: () => {
        ids.forEach((id) => targetWindow.cancelAnimationFrame(id));
        ids.clear();
      }
    };
  };
  var defaultKeyExtractor = (index2) => index2;
  var defaultRangeExtractor = (range) => {
    const overscan = range.overscan * Math.max(range.lanes ?? 1, 1);
    const start = Math.max(range.startIndex - overscan, 0);
    const end = Math.min(range.endIndex + overscan, range.count - 1);
    const len = end - start + 1;
    const arr = new Array(len);
    for (let i4 = 0; i4 < len; i4++) {
      arr[i4] = start + i4;
    }
    return arr;
  };
  var addEventListenerOptions = {
    passive: true
  };
  var observeWindowRect = (instance, cb) => {
    const element = instance.scrollElement;
    if (!element) {
      return;
    }
    const handler = () => {
      cb({ width: element.innerWidth, height: element.innerHeight });
    };
    handler();
    element.addEventListener("resize", handler, addEventListenerOptions);
    return () => {
      element.removeEventListener("resize", handler);
    };
  };
  var supportsScrollend = typeof window == "undefined" ? true : "onscrollend" in window;
  var observeOffset = (instance, cb, readOffset) => {
    const element = instance.scrollElement;
    if (!element) {
      return;
    }
    const targetWindow = instance.targetWindow;
    if (!targetWindow) {
      return;
    }
    const registerScrollendEvent = instance.options.useScrollendEvent && supportsScrollend;
    let offset = 0;
    const fallback = registerScrollendEvent ? null : debounce(
      targetWindow,
      () => cb(readOffset(element), false),
      instance.options.isScrollingResetDelay
    );
    const createHandler = (isScrolling) => () => {
      offset = readOffset(element);
      fallback == null ? void 0 : fallback();
      cb(offset, isScrolling);
    };
    const handler = createHandler(true);
    const endHandler = createHandler(false);
    element.addEventListener("scroll", handler, addEventListenerOptions);
    if (registerScrollendEvent) {
      element.addEventListener("scrollend", endHandler, addEventListenerOptions);
    }
    return () => {
      element.removeEventListener("scroll", handler);
      if (registerScrollendEvent) {
        element.removeEventListener("scrollend", endHandler);
      }
      fallback == null ? void 0 : fallback.cancel();
    };
  };
  var observeWindowOffset = (instance, cb) => observeOffset(
    instance,
    cb,
    (win) => instance.options.horizontal ? win.scrollX : win.scrollY
  );
  var measureElement = (element, entry, instance) => {
    if (instance.options.useCachedMeasurements) {
      const index2 = instance.indexFromElement(element);
      const key2 = instance.options.getItemKey(index2);
      return instance.itemSizeCache.get(key2) ?? instance.options.estimateSize(index2);
    }
    if (entry == null ? void 0 : entry.borderBoxSize) {
      const box = entry.borderBoxSize[0];
      if (box) {
        const size2 = Math.round(
          box[instance.options.horizontal ? "inlineSize" : "blockSize"]
        );
        return size2;
      }
    }
    if (!entry) {
      const index2 = instance.indexFromElement(element);
      const key2 = instance.options.getItemKey(index2);
      const cachedSize = instance.itemSizeCache.get(key2);
      if (cachedSize !== void 0) {
        return cachedSize;
      }
    }
    return element[instance.options.horizontal ? "offsetWidth" : "offsetHeight"];
  };
  var scrollWithAdjustments = (offset, {
    adjustments = 0,
    behavior
  }, instance) => {
    var _a;
    const { scrollElement, options } = instance;
    const adjustedOffset = offset + adjustments;
    const isRtlElement = options.horizontal && options.isRtl && scrollElement !== null && "ownerDocument" in scrollElement;
    (_a = scrollElement == null ? void 0 : scrollElement.scrollTo) == null ? void 0 : _a.call(scrollElement, {
      [options.horizontal ? "left" : "top"]: isRtlElement ? -adjustedOffset : adjustedOffset,
      behavior
    });
  };
  var windowScroll = scrollWithAdjustments;
  var initialScrollPhase = (behavior, atTarget) => behavior === "smooth" ? atTarget ? "smoothLanded" : "smooth" : "instant";
  var isSmoothScroll = (state) => (state == null ? void 0 : state.phase) === "smooth" || (state == null ? void 0 : state.phase) === "smoothLanded";
  function isAppendWithTrim(prevCount, nextCount, getPreviousKey, getNextKey) {
    if (nextCount === 0) return false;
    const firstKey = getNextKey(0);
    const removedKeys = /* @__PURE__ */ new Set();
    let removedCount = 0;
    while (removedCount < prevCount) {
      const key2 = getPreviousKey(removedCount);
      if (key2 === firstKey) break;
      removedKeys.add(key2);
      removedCount++;
    }
    const retainedCount = prevCount - removedCount;
    if (retainedCount === 0 || retainedCount >= nextCount) return false;
    for (let i4 = 0; i4 < retainedCount; i4++) {
      if (getNextKey(i4) !== getPreviousKey(removedCount + i4)) return false;
    }
    for (let i4 = retainedCount; i4 < nextCount; i4++) {
      if (removedKeys.has(getNextKey(i4))) return false;
    }
    return true;
  }
  var Virtualizer = class {
    constructor(opts) {
      this.unsubs = [];
      this.scrollElement = null;
      this.targetWindow = null;
      this.isScrolling = false;
      this.scrollState = null;
      this.measurementsCache = [];
      this._singleLaneMeasurements = null;
      this.itemSizeCache = /* @__PURE__ */ new Map();
      this.itemSizeCacheVersion = 0;
      this.laneAssignments = /* @__PURE__ */ new Map();
      this.pendingMin = null;
      this.prevLanes = void 0;
      this.lanesChangedFlag = false;
      this.lanesSettling = false;
      this.pendingScrollAnchor = null;
      this.scrollRect = null;
      this.scrollOffset = null;
      this.scrollDirection = null;
      this._holdOffset = 0;
      this._reportedOverscroll = false;
      this._iosGesture = new IosGesture({
        getWindow: () => this.targetWindow,
        now: () => this.now(),
        // The end of a fling can move less than a pixel per scroll event, so
        // events can stop for 150ms while the fling is still running (seen on
        // an iPhone, 27.0.1). A command waiting for it would then be written
        // into the fling and overridden. The element having moved since the
        // last event means it has not ended: wait again. Not while our own
        // write has yet to report: that moved it.
        tailStillMoving: () => {
          const state = this.scrollState;
          if ((state == null ? void 0 : state.phase) !== "queued" || this.pendingWrite !== null) {
            return false;
          }
          const now = this._readElementOffset();
          if (now === null || this._lastElementOffset === null || Math.abs(now - this._lastElementOffset) < 1) {
            return false;
          }
          this._lastElementOffset = now;
          state.samples = [...state.samples ?? [], { t: this.now(), offset: now }];
          return true;
        },
        onTailClosed: () => {
          const state = this.scrollState;
          if ((state == null ? void 0 : state.phase) === "queued" && flingCaught(state.samples ?? [])) {
            this.scrollState = null;
          }
          this._flushHoldIfReady(true);
          this._writeAwaitingCommand();
          this._retryClampedAdjustment();
        }
      });
      this._lastElementOffset = null;
      this.pendingWrite = null;
      this._clampedAdjustment = null;
      this.elementsCache = /* @__PURE__ */ new Map();
      this._resizeBatch = null;
      this.now = () => {
        var _a, _b, _c;
        return ((_c = (_b = (_a = this.targetWindow) == null ? void 0 : _a.performance) == null ? void 0 : _b.now) == null ? void 0 : _c.call(_b)) ?? Date.now();
      };
      this.observer = /* @__PURE__ */ (() => {
        let _ro = null;
        let _frames = null;
        let delivering = false;
        let observeQueued = false;
        const pendingObservations = /* @__PURE__ */ new Set();
        const get = () => {
          if (_ro) {
            return _ro;
          }
          const targetWindow = this.targetWindow;
          if (!targetWindow || !targetWindow.ResizeObserver) {
            return null;
          }
          const frames = _frames = createFrameQueue(targetWindow);
          return _ro = new targetWindow.ResizeObserver((entries) => {
            const run2 = () => {
              const batch = { sync: false };
              this._resizeBatch = batch;
              try {
                entries.forEach(measureEntry);
              } finally {
                this._resizeBatch = null;
                if (batch.notify) {
                  this.notify(batch.sync);
                  this._noteClampMax();
                  this._flushHoldIfReady(true);
                  this._retryClampedAdjustment();
                  this.measureElement(null);
                }
              }
            };
            if (this.options.useAnimationFrameWithResizeObserver) {
              frames.schedule(run2);
            } else {
              delivering = true;
              try {
                run2();
              } finally {
                delivering = false;
              }
            }
          });
        };
        const measureEntry = (entry) => {
          const node = entry.target;
          const index2 = this.indexFromElement(node);
          if (!node.isConnected) {
            this.observer.unobserve(node);
            for (const [cacheKey, cachedNode] of this.elementsCache) {
              if (cachedNode === node) {
                this.elementsCache.delete(cacheKey);
                break;
              }
            }
            return;
          }
          if (!this.isIndexInRange(index2)) return;
          if (this.shouldMeasureDuringScroll(index2)) {
            this.resizeItem(index2, this.options.measureElement(node, entry, this));
          }
        };
        return {
          disconnect: () => {
            var _a;
            (_a = get()) == null ? void 0 : _a.disconnect();
            _frames == null ? void 0 : _frames.cancel();
            pendingObservations.clear();
            observeQueued = false;
            _ro = null;
            _frames = null;
          },
          observe: (target) => {
            const observer = get();
            if (!observer) return;
            if (!delivering) {
              observer.observe(target, { box: "border-box" });
              return;
            }
            pendingObservations.add(target);
            if (!observeQueued) {
              observeQueued = true;
              _frames == null ? void 0 : _frames.schedule(() => {
                observeQueued = false;
                pendingObservations.forEach((node) => {
                  if (node.isConnected) _ro == null ? void 0 : _ro.observe(node, { box: "border-box" });
                });
                pendingObservations.clear();
              });
            }
          },
          unobserve: (target) => {
            var _a;
            pendingObservations.delete(target);
            (_a = get()) == null ? void 0 : _a.unobserve(target);
          }
        };
      })();
      this.range = null;
      this.setOptions = (opts2) => {
        var _a;
        const merged = {
          debug: false,
          initialOffset: 0,
          overscan: 1,
          paddingStart: 0,
          paddingEnd: 0,
          scrollPaddingStart: 0,
          scrollPaddingEnd: 0,
          horizontal: false,
          getItemKey: defaultKeyExtractor,
          rangeExtractor: defaultRangeExtractor,
          onChange: () => {
          },
          measureElement,
          initialRect: { width: 0, height: 0 },
          scrollMargin: 0,
          gap: 0,
          indexAttribute: "data-index",
          initialMeasurementsCache: [],
          lanes: 1,
          anchorTo: "start",
          followOnAppend: false,
          scrollEndThreshold: 1,
          isScrollingResetDelay: 150,
          enabled: true,
          isRtl: false,
          useScrollendEvent: false,
          useAnimationFrameWithResizeObserver: false,
          laneAssignmentMode: "estimate",
          useCachedMeasurements: false
        };
        for (const key2 in opts2) {
          const v4 = opts2[key2];
          if (v4 !== void 0) merged[key2] = v4;
        }
        const prevOptions = this.options;
        let anchor = null;
        let followOnAppend = null;
        let edgeKeysChanged = false;
        if (prevOptions !== void 0 && prevOptions.enabled && merged.enabled && merged.anchorTo === "end" && this.scrollElement !== null) {
          const prevCount = prevOptions.count;
          const nextCount = merged.count;
          const measurements = this.getMeasurements();
          const previousItems = ((_a = this._singleLaneMeasurements) == null ? void 0 : _a.items) ?? measurements;
          const getPreviousKey = (index2) => getMeasurementKey(previousItems[index2]);
          const prevFirstKey = prevCount > 0 ? getPreviousKey(0) : null;
          const prevLastKey = prevCount > 0 ? getPreviousKey(prevCount - 1) : null;
          const didCountChange = nextCount !== prevCount;
          const didEdgeKeysChange = didCountChange || prevCount > 0 && nextCount > 0 && (merged.getItemKey(0) !== prevFirstKey || merged.getItemKey(nextCount - 1) !== prevLastKey);
          if (didEdgeKeysChange) {
            edgeKeysChanged = true;
            const item = prevCount > 0 ? this.getVirtualItemForOffset(this.getScrollOffset()) ?? measurements[0] : null;
            if (item) {
              anchor = [item.key, this.getScrollOffset() - item.start];
            }
            const behavior = merged.followOnAppend === true ? "auto" : merged.followOnAppend || null;
            if (behavior && nextCount > 0 && this.isAtEnd(prevOptions.scrollEndThreshold) && (prevCount === 0 || merged.getItemKey(nextCount - 1) !== prevLastKey)) {
              if (nextCount > prevCount || isAppendWithTrim(
                prevCount,
                nextCount,
                getPreviousKey,
                merged.getItemKey
              )) {
                followOnAppend = behavior;
              }
            }
          }
        }
        this.options = merged;
        if (edgeKeysChanged) {
          this.pendingMin = 0;
          this.itemSizeCacheVersion++;
        }
        let anchorDelta = null;
        if (anchor && this.scrollOffset !== null && !this._awaitingCommandReadBack()) {
          const [anchorKey, anchorOffset] = anchor;
          const newMeasurements = this.getMeasurements();
          const { count: count2, getItemKey } = this.options;
          let idx = 0;
          while (idx < count2 && getItemKey(idx) !== anchorKey) {
            idx++;
          }
          if (idx < count2) {
            const anchorItem = newMeasurements[idx];
            if (anchorItem) {
              const newOffset = Math.max(0, anchorItem.start + anchorOffset);
              if (!followOnAppend && newOffset !== this.scrollOffset) {
                anchorDelta = newOffset - this.scrollOffset;
                this.scrollOffset = newOffset;
              }
            }
          }
        }
        if (followOnAppend) {
          this.pendingScrollAnchor = { kind: "follow", behavior: followOnAppend };
        } else if (anchorDelta !== null) {
          if (this._canWriteScroll()) {
            this.pendingScrollAnchor = { kind: "anchor", delta: anchorDelta };
          } else {
            this._holdOffset += anchorDelta;
            this._followOffsetTarget(anchorDelta);
          }
        }
      };
      this.notify = (sync) => {
        var _a, _b;
        (_b = (_a = this.options).onChange) == null ? void 0 : _b.call(_a, this, sync);
      };
      this.maybeNotify = memo(
        () => {
          this.calculateRange();
          return [
            this.isScrolling,
            this.range ? this.range.startIndex : null,
            this.range ? this.range.endIndex : null
          ];
        },
        (isScrolling) => {
          this.notify(isScrolling);
        },
        {
          key: "maybeNotify",
          debug: () => this.options.debug,
          initialDeps: [
            this.isScrolling,
            this.range ? this.range.startIndex : null,
            this.range ? this.range.endIndex : null
          ]
        }
      );
      this.cleanup = () => {
        var _a;
        this.unsubs.filter(Boolean).forEach((d5) => d5());
        this.unsubs = [];
        this.observer.disconnect();
        if (this.rafId != null && this.targetWindow) {
          this.targetWindow.cancelAnimationFrame(this.rafId);
          this.rafId = null;
        }
        this.scrollState = null;
        (_a = this._momentumStop) == null ? void 0 : _a.restore();
        this._momentumStop = null;
        this.isScrolling = false;
        this.scrollDirection = null;
        this._holdOffset = 0;
        this._reportedOverscroll = false;
        this._clampedAdjustment = null;
        this.pendingWrite = null;
        this.scrollElement = null;
        this.targetWindow = null;
      };
      this._didMount = () => {
        return () => {
          this.cleanup();
        };
      };
      this._willUpdate = () => {
        var _a;
        const scrollElement = this.options.enabled ? this.options.getScrollElement() : null;
        if (this.scrollElement !== scrollElement) {
          this.cleanup();
          if (!scrollElement) {
            this.maybeNotify();
            return;
          }
          this.scrollElement = scrollElement;
          if (this.scrollElement && "ownerDocument" in this.scrollElement) {
            this.targetWindow = this.scrollElement.ownerDocument.defaultView;
          } else {
            this.targetWindow = ((_a = this.scrollElement) == null ? void 0 : _a.window) ?? null;
          }
          this.elementsCache.forEach((cached) => {
            this.observer.observe(cached);
          });
          this.unsubs.push(
            this.options.observeElementRect(this, (rect) => {
              this.scrollRect = rect;
              this.maybeNotify();
            })
          );
          this.unsubs.push(
            this.options.observeElementOffset(this, (offset, isScrolling) => {
              var _a2, _b, _c, _d;
              const elementMax = isScrolling ? this._elementMaxScrollOffset() : null;
              const wasOverscrolled = this._reportedOverscroll;
              this._reportedOverscroll = offset < 0 || elementMax !== null && offset > elementMax + 1;
              const elementOffset = offset;
              this._lastElementOffset = elementOffset;
              offset = this._toLayoutOffset(offset);
              const kind = this._classifyScrollEvent(
                offset,
                isScrolling,
                elementMax
              );
              if (kind === "spurious") return;
              if (kind === "readBack") {
                offset = this.pendingWrite.target;
              } else if (kind === "clampedReadBack" && ((_a2 = this.scrollState) == null ? void 0 : _a2.index) != null && // Not `elementMax`: an adapter can report the read-back at rest.
              offset < this.getMaxScrollOffset() - 1.5) {
                this.scrollState.lastTargetOffset = offset;
              } else if (externalRetiresCommand({
                kind,
                offset,
                command: this.scrollState,
                target: () => this.getScrollStateTarget(this.scrollState)
              })) {
                this.scrollState = null;
              }
              this.pendingWrite = null;
              if (this._clampedAdjustment !== null && Math.abs(offset - this._clampedAdjustment.maxAtWrite) >= 1.5) {
                this._clampedAdjustment = null;
              }
              const prevOffset = this.getScrollOffset();
              const prevDirection = this.scrollDirection;
              this.scrollDirection = isScrolling ? prevOffset === offset ? this.scrollDirection : prevOffset < offset ? "forward" : "backward" : null;
              this.scrollOffset = offset;
              this.isScrolling = isScrolling;
              const queued = this.scrollState;
              if ((queued == null ? void 0 : queued.phase) === "queued" && kind === "external" && isScrolling) {
                if (wasOverscrolled || this._reportedOverscroll) {
                  queued.samples = [];
                } else {
                  const t4 = this.now();
                  queued.samples = [
                    ...(queued.samples ?? []).filter(
                      (sample2) => t4 - sample2.t <= 200
                    ),
                    { t: t4, offset: elementOffset }
                  ];
                  if (prevDirection !== null && this.scrollDirection !== prevDirection || flingSpedUp(queued.samples)) {
                    this.scrollState = null;
                  }
                }
              }
              if (this._iosGesture.onScroll({
                isScrolling,
                ownReadBack: kind === "readBack",
                moved: offset !== prevOffset,
                // Neither our write's read-back nor a frame of our smooth
                // animation: the user or a fling moved it.
                external: kind === "external" && ((_b = this.scrollState) == null ? void 0 : _b.phase) !== "smooth" && ((_c = this.scrollState) == null ? void 0 : _c.phase) !== "smoothFinishing"
              }) && // The user scrolls: a command still waiting for the tail is
              // theirs to override, like a written one would be.
              ((_d = this.scrollState) == null ? void 0 : _d.phase) === "queued") {
                this.scrollState = null;
              }
              this._flushHoldIfReady(true);
              if (this.scrollState) {
                this.scheduleScrollReconcile();
              }
              this.maybeNotify();
            })
          );
          if ("addEventListener" in this.scrollElement) {
            this.unsubs.push(
              this._iosGesture.listen(this.scrollElement)
            );
          }
          this._scrollToOffset(this.getScrollOffset());
        }
        this._noteClampMax();
        const anchor = this.pendingScrollAnchor;
        this.pendingScrollAnchor = null;
        if (anchor && this.scrollElement && this.options.enabled) {
          if (anchor.kind === "anchor") {
            if (!this._canWriteScroll()) {
              this._holdOffset += anchor.delta;
              this._followOffsetTarget(anchor.delta);
              this.notify(false);
            } else if (isSmoothScroll(this.scrollState) && !approxEqual(
              this.getScrollOffset() - anchor.delta,
              this.scrollState.lastTargetOffset
            )) ;
            else {
              this._followOffsetTarget(anchor.delta);
              this._scrollToOffset(this.getScrollOffset());
            }
          } else {
            this.scrollToEnd({ behavior: anchor.behavior });
          }
        }
        this._flushHoldIfReady(false);
        this._retryClampedAdjustment();
      };
      this._classifyScrollEvent = (offset, isScrolling, elementMax) => {
        var _a;
        return classifyScrollEvent({
          offset,
          isScrolling,
          elementMax,
          holdOffset: this._holdOffset,
          scrollOffset: this.scrollOffset,
          pendingWrite: this.pendingWrite,
          clampedMaxAtWrite: ((_a = this._clampedAdjustment) == null ? void 0 : _a.maxAtWrite) ?? null
        });
      };
      this._retryClampedAdjustment = () => {
        if (this._clampedAdjustment === null || !this.scrollElement || !this.options.enabled || !this._canWriteScroll()) {
          return;
        }
        const { target, maxAtWrite } = this._clampedAdjustment;
        const max = this.getMaxScrollOffset();
        if (max > maxAtWrite + 0.5) {
          this._clampedAdjustment = target > max + 0.5 ? { target, maxAtWrite: max } : null;
          this._scrollToOffset(target);
        }
      };
      this._writeAwaitingCommand = () => {
        const state = this.scrollState;
        if (state === null || state.phase !== "queued") return;
        const { behavior } = state;
        this.getMeasurements();
        const offset = this.getScrollStateTarget(state);
        state.lastTargetOffset = offset;
        this._clampedAdjustment = null;
        state.phase = initialScrollPhase(
          behavior,
          state.index != null && approxEqual(offset, this.getScrollOffset())
        );
        this._scrollToOffset(offset, { behavior });
        this.scheduleScrollReconcile();
      };
      this._readElementOffset = () => {
        const el = this.scrollElement;
        if (el == null) return null;
        const { horizontal, isRtl } = this.options;
        if (typeof el.scrollTop === "number") {
          return horizontal ? el.scrollLeft * (isRtl && -1 || 1) : el.scrollTop;
        }
        if (typeof el.scrollY === "number") {
          return horizontal ? el.scrollX : el.scrollY;
        }
        return null;
      };
      this._canWriteScroll = () => !(isIOSWebKit() && this._iosGesture.inMotion()) && !this._reportedOverscroll;
      this._flushHoldIfReady = (sync) => {
        var _a;
        if (this._holdOffset === 0) return;
        if (!this.scrollElement || !this.options.enabled) return;
        if (!this._canWriteScroll()) return;
        if (((_a = this.scrollState) == null ? void 0 : _a.phase) === "smooth") return;
        this._holdOffset = 0;
        if (this.scrollOffset !== null && this.scrollOffset < 0) {
          this.scrollOffset = 0;
        }
        this.notify(sync);
        const target = this.getCommandWrittenOffset() ?? this.getScrollOffset();
        this._clampedAdjustment = this._clampedBy(target);
        this._scrollToOffset(target);
      };
      this.rafId = null;
      this.getSize = () => {
        if (!this.options.enabled) {
          this.scrollRect = null;
          return 0;
        }
        this.scrollRect = this.scrollRect ?? this.options.initialRect;
        return this.scrollRect[this.options.horizontal ? "width" : "height"];
      };
      this.getScrollOffset = () => {
        if (!this.options.enabled) {
          this.scrollOffset = null;
          return 0;
        }
        this.scrollOffset = this.scrollOffset ?? (typeof this.options.initialOffset === "function" ? this.options.initialOffset() : this.options.initialOffset);
        return this.scrollOffset;
      };
      this.getMeasurementOptions = memo(
        () => [
          this.options.count,
          this.options.paddingStart,
          this.options.scrollMargin,
          this.options.getItemKey,
          this.options.enabled,
          this.options.lanes,
          this.options.laneAssignmentMode,
          this.options.gap
        ],
        (count2, paddingStart, scrollMargin, getItemKey, enabled, lanes, laneAssignmentMode, gap) => {
          const lanesChanged = this.prevLanes !== void 0 && this.prevLanes !== lanes;
          if (lanesChanged) {
            this.lanesChangedFlag = true;
          }
          this.prevLanes = lanes;
          this.pendingMin = null;
          return {
            count: count2,
            paddingStart,
            scrollMargin,
            getItemKey,
            enabled,
            lanes,
            laneAssignmentMode,
            gap
          };
        },
        {
          key: false
        }
      );
      this.isIndexInRange = (index2) => index2 >= 0 && index2 < this.options.count;
      this.getMeasurements = memo(
        () => [this.getMeasurementOptions(), this.itemSizeCacheVersion],
        ({
          count: count2,
          paddingStart,
          scrollMargin,
          getItemKey,
          enabled,
          lanes,
          laneAssignmentMode,
          gap
        }, _itemSizeCacheVersion) => {
          var _a;
          const itemSizeCache = this.itemSizeCache;
          if (!enabled) {
            this.measurementsCache = [];
            this._singleLaneMeasurements = null;
            this.itemSizeCache.clear();
            this.laneAssignments.clear();
            return [];
          }
          if (this.laneAssignments.size > count2) {
            for (const index2 of this.laneAssignments.keys()) {
              if (index2 >= count2) {
                this.laneAssignments.delete(index2);
              }
            }
          }
          if (this.lanesChangedFlag) {
            this.lanesChangedFlag = false;
            this.lanesSettling = true;
            this.measurementsCache = [];
            this._singleLaneMeasurements = null;
            this.itemSizeCache.clear();
            this.laneAssignments.clear();
            this.pendingMin = null;
          }
          if (this.measurementsCache.length === 0 && !this.lanesSettling) {
            this.measurementsCache = this.options.initialMeasurementsCache;
            this.measurementsCache.forEach((item) => {
              this.itemSizeCache.set(item.key, item.size);
            });
          }
          const min = this.lanesSettling ? 0 : this.pendingMin ?? 0;
          this.pendingMin = null;
          if (this.lanesSettling && this.measurementsCache.length === count2) {
            this.lanesSettling = false;
          }
          if (lanes === 1) {
            const need = count2 * 2;
            let flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat;
            if (!flat || flat.length < need) {
              const next = new Float64Array(need);
              if (flat && min > 0) next.set(flat.subarray(0, min * 2));
              flat = next;
            }
            const items = min === 0 ? new Array(count2) : this._singleLaneMeasurements.items.slice();
            let runningStart;
            if (min === 0) {
              runningStart = paddingStart + scrollMargin;
            } else {
              const prevIdx = min - 1;
              runningStart = flat[prevIdx * 2] + flat[prevIdx * 2 + 1] + gap;
            }
            for (let i4 = min; i4 < count2; i4++) {
              const key2 = getItemKey(i4);
              items[i4] = key2;
              const measuredSize = itemSizeCache.get(key2);
              const size2 = typeof measuredSize === "number" ? measuredSize : this.options.estimateSize(i4);
              flat[i4 * 2] = runningStart;
              flat[i4 * 2 + 1] = size2;
              runningStart += size2 + gap;
            }
            this._singleLaneMeasurements = { flat, items };
            const view2 = createLazyMeasurementsView(items, flat);
            this.measurementsCache = view2;
            return view2;
          }
          const measurements = this.measurementsCache.slice(0, min);
          const laneLastIndex = new Array(lanes).fill(
            void 0
          );
          const laneEnds = new Float64Array(lanes);
          let filledLanes = 0;
          for (let m5 = 0; m5 < min; m5++) {
            const item = measurements[m5];
            if (item) {
              if (laneLastIndex[item.lane] === void 0) filledLanes++;
              laneLastIndex[item.lane] = m5;
              laneEnds[item.lane] = item.end;
            }
          }
          for (let i4 = min; i4 < count2; i4++) {
            const key2 = getItemKey(i4);
            const cachedLane = this.laneAssignments.get(i4);
            let lane;
            let start;
            const shouldCacheLane = laneAssignmentMode === "estimate" || itemSizeCache.has(key2);
            if (cachedLane !== void 0 && this.options.lanes > 1) {
              lane = cachedLane;
              const prevIndex = laneLastIndex[lane];
              const prevInLane = prevIndex !== void 0 ? measurements[prevIndex] : void 0;
              start = prevInLane ? prevInLane.end + gap : paddingStart + scrollMargin;
            } else if (filledLanes === lanes) {
              let bestLane = 0;
              let bestEnd = laneEnds[0];
              let bestIdx = laneLastIndex[0];
              for (let l4 = 1; l4 < lanes; l4++) {
                const e4 = laneEnds[l4];
                if (e4 < bestEnd || e4 === bestEnd && laneLastIndex[l4] < bestIdx) {
                  bestLane = l4;
                  bestEnd = e4;
                  bestIdx = laneLastIndex[l4];
                }
              }
              lane = bestLane;
              start = bestEnd + gap;
              if (shouldCacheLane) {
                this.laneAssignments.set(i4, lane);
              }
            } else {
              lane = i4 % this.options.lanes;
              start = paddingStart + scrollMargin;
              if (shouldCacheLane) {
                this.laneAssignments.set(i4, lane);
              }
            }
            const measuredSize = itemSizeCache.get(key2);
            const size2 = typeof measuredSize === "number" ? measuredSize : this.options.estimateSize(i4);
            const end = start + size2;
            measurements[i4] = {
              index: i4,
              start,
              size: size2,
              end,
              key: key2,
              lane
            };
            if (laneLastIndex[lane] === void 0) filledLanes++;
            laneLastIndex[lane] = i4;
            laneEnds[lane] = end;
          }
          this.measurementsCache = measurements;
          return measurements;
        },
        {
          key: "getMeasurements",
          debug: () => this.options.debug
        }
      );
      this.calculateRange = memo(
        () => [
          this.getMeasurements(),
          this.getSize(),
          this.getScrollOffset(),
          this.options.lanes,
          // scrollOffset is measured in the scroll element and the layout total
          // from the list start, so the list ends scrollMargin further down.
          this._getLayoutTotalSize() + this.options.scrollMargin
        ],
        (measurements, outerSize, scrollOffset, lanes, listEnd) => {
          if (measurements.length === 0 || outerSize === 0) {
            this.range = null;
            return null;
          }
          const maxScrollOffset = Math.max(listEnd - outerSize, 0);
          this.range = calculateRangeImpl(
            measurements,
            outerSize,
            Math.min(scrollOffset, maxScrollOffset),
            lanes,
            // Pass the typed array so binary search + forward-walk can read
            // start/end directly from Float64Array, skipping the Proxy traps.
            lanes === 1 && this._singleLaneMeasurements !== null ? this._singleLaneMeasurements.flat : null
          );
          return this.range;
        },
        {
          key: "calculateRange",
          debug: () => this.options.debug
        }
      );
      this.getVirtualIndexes = memo(
        () => {
          let startIndex = null;
          let endIndex = null;
          const range = this.calculateRange();
          if (range) {
            startIndex = range.startIndex;
            endIndex = range.endIndex;
          }
          this.maybeNotify.updateDeps([this.isScrolling, startIndex, endIndex]);
          return [
            this.options.rangeExtractor,
            this.options.overscan,
            this.options.count,
            startIndex,
            endIndex,
            this.options.lanes
          ];
        },
        (rangeExtractor, overscan, count2, startIndex, endIndex, lanes) => {
          return startIndex === null || endIndex === null ? [] : rangeExtractor({
            startIndex,
            endIndex,
            overscan,
            count: count2,
            lanes
          });
        },
        {
          key: "getVirtualIndexes",
          debug: () => this.options.debug
        }
      );
      this.indexFromElement = (node) => {
        const attributeName = this.options.indexAttribute;
        const indexStr = node.getAttribute(attributeName);
        if (!indexStr) {
          console.warn(
            `Missing attribute name '${attributeName}={index}' on measured element.`
          );
          return -1;
        }
        return parseInt(indexStr, 10);
      };
      this.shouldMeasureDuringScroll = (index2) => {
        var _a;
        if (!isSmoothScroll(this.scrollState)) {
          return true;
        }
        const scrollIndex = this.scrollState.index ?? ((_a = this.getVirtualItemForOffset(this.scrollState.lastTargetOffset)) == null ? void 0 : _a.index);
        if (scrollIndex !== void 0 && this.range) {
          const bufferSize = Math.max(
            this.options.overscan,
            Math.ceil((this.range.endIndex - this.range.startIndex) / 2)
          );
          const minIndex = Math.max(0, scrollIndex - bufferSize);
          const maxIndex = Math.min(
            this.options.count - 1,
            scrollIndex + bufferSize
          );
          return index2 >= minIndex && index2 <= maxIndex;
        }
        return true;
      };
      this.measureElement = (node) => {
        if (!node) {
          this.elementsCache.forEach((cached, key22) => {
            if (!cached.isConnected) {
              this.observer.unobserve(cached);
              this.elementsCache.delete(key22);
            }
          });
          return;
        }
        const index2 = this.indexFromElement(node);
        if (!this.isIndexInRange(index2)) return;
        const key2 = this.options.getItemKey(index2);
        const prevNode = this.elementsCache.get(key2);
        if (prevNode !== node) {
          if (prevNode) {
            this.observer.unobserve(prevNode);
          }
          this.observer.observe(node);
          this.elementsCache.set(key2, node);
        }
        if (node.isConnected && (!this.isScrolling || this.scrollState) && this.shouldMeasureDuringScroll(index2)) {
          this.resizeItem(index2, this.options.measureElement(node, void 0, this));
        }
      };
      this.resizeItem = (index2, size2) => {
        var _a, _b, _c;
        if (!this.isIndexInRange(index2)) return;
        if ((_a = this._resizeBatch) == null ? void 0 : _a.sync) this.getMeasurements();
        let cachedSize;
        let itemStart;
        let key2;
        const flat = (_b = this._singleLaneMeasurements) == null ? void 0 : _b.flat;
        if (this.options.lanes === 1 && flat != null) {
          key2 = this.options.getItemKey(index2);
          itemStart = flat[index2 * 2];
          cachedSize = flat[index2 * 2 + 1];
        } else {
          const item = this.measurementsCache[index2];
          if (!item) return;
          key2 = item.key;
          itemStart = item.start;
          cachedSize = item.size;
        }
        const itemSize = this.itemSizeCache.get(key2) ?? cachedSize;
        const delta = size2 - itemSize;
        if (delta !== 0) {
          const wasAtEnd = this.options.anchorTo === "end" && !isSmoothScroll(this.scrollState) && this.getVirtualDistanceFromEnd() <= this.options.scrollEndThreshold;
          const prevTotalSize = wasAtEnd ? this._getLayoutTotalSize() : 0;
          const scrollOffset = this.getScrollOffset();
          const isFirstMeasure = !this.itemSizeCache.has(key2);
          const defaultShouldAdjust = isFirstMeasure ? (
            // First measurement: compensate any item whose top sits above the
            // fold — the estimate→actual delta must be corrected regardless of
            // scroll direction, since the whole estimated block was above it.
            itemStart < scrollOffset
          ) : (
            // Re-measurement: only compensate an item that is ENTIRELY above the
            // fold. An item that merely *spans* the fold (top above, bottom
            // below — e.g. a streaming chat message growing at its bottom)
            // changes size *below* the anchor point, so shifting scrollTop by the
            // delta would drag the viewport downward on every growth (#1218).
            // Also skip during backward scroll to avoid the "items jump while
            // scrolling up" cascade.
            itemStart + itemSize <= scrollOffset && this.scrollDirection !== "backward"
          );
          const shouldAdjustScroll = !isSmoothScroll(this.scrollState) && (this.shouldAdjustScrollPositionOnItemSizeChange !== void 0 ? this.shouldAdjustScrollPositionOnItemSizeChange(
            // The callback expects a VirtualItem; build one lazily only
            // when the consumer actually supplied a custom predicate.
            this.measurementsCache[index2] ?? {
              index: index2,
              key: key2,
              start: itemStart,
              size: cachedSize,
              end: itemStart + cachedSize,
              lane: 0
            },
            delta,
            this
          ) : defaultShouldAdjust);
          if (this.pendingMin === null || index2 < this.pendingMin) {
            this.pendingMin = index2;
          }
          this.itemSizeCache.set(key2, size2);
          this.itemSizeCacheVersion++;
          let adjustedSync = false;
          if (!this._awaitingCommandReadBack()) {
            if (wasAtEnd) {
              adjustedSync = this.applyScrollAdjustment(
                this._getLayoutTotalSize() - prevTotalSize
              );
            } else if (shouldAdjustScroll) {
              adjustedSync = this.applyScrollAdjustment(delta);
            }
          }
          if (this._resizeBatch) {
            this._resizeBatch.notify = true;
            (_c = this._resizeBatch).sync || (_c.sync = adjustedSync);
            return;
          }
          this.notify(adjustedSync);
          this._noteClampMax();
          this._flushHoldIfReady(true);
          this._retryClampedAdjustment();
        }
      };
      this.getVirtualItems = memo(
        () => [this.getVirtualIndexes(), this.getMeasurements(), this._holdOffset],
        (indexes, measurements, hold) => {
          const virtualItems = [];
          for (let k4 = 0, len = indexes.length; k4 < len; k4++) {
            const i4 = indexes[k4];
            const measurement = measurements[i4];
            virtualItems.push(
              hold === 0 ? measurement : {
                ...measurement,
                start: measurement.start - hold,
                end: measurement.end - hold
              }
            );
          }
          return virtualItems;
        },
        {
          key: "getVirtualItems",
          debug: () => this.options.debug
        }
      );
      this.getVirtualItemForOffset = (offset) => {
        var _a;
        const measurements = this.getMeasurements();
        if (measurements.length === 0) {
          return void 0;
        }
        const flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat;
        const useFlat = this.options.lanes === 1 && flat != null;
        const idx = findNearestBinarySearch(
          0,
          measurements.length - 1,
          useFlat ? (i4) => flat[i4 * 2] : (i4) => notUndefined(measurements[i4]).start,
          offset
        );
        return notUndefined(measurements[idx]);
      };
      this._noteClampMax = () => {
        if (!this._awaitingCommandReadBack()) return;
        const elementMax = this._elementMaxScrollOffset();
        if (elementMax === null) return;
        const write = this.pendingWrite;
        const max = Math.max(elementMax, 0) + this._holdOffset;
        if (max >= write.target) return;
        const lowMaxes = write.lowMaxes ?? (write.lowMaxes = []);
        if (lowMaxes[lowMaxes.length - 1] !== max) lowMaxes.push(max);
      };
      this.getMaxScrollOffset = () => (this._elementMaxScrollOffset() ?? 0) + this._holdOffset;
      this._toLayoutOffset = (elementOffset) => {
        var _a;
        let offset = elementOffset + this._holdOffset;
        if (((_a = this.pendingScrollAnchor) == null ? void 0 : _a.kind) === "anchor") {
          offset += this.pendingScrollAnchor.delta;
        }
        return offset;
      };
      this._elementMaxScrollOffset = () => {
        const el = this.scrollElement;
        if (el === null) return null;
        if ("scrollHeight" in el) {
          return this.options.horizontal ? el.scrollWidth - el.clientWidth : el.scrollHeight - el.clientHeight;
        }
        if ("document" in el) {
          const doc = el.document.documentElement;
          return this.options.horizontal ? doc.scrollWidth - el.innerWidth : doc.scrollHeight - el.innerHeight;
        }
        return null;
      };
      this._momentumStop = null;
      this._stopMomentum = (done) => {
        const el = this.scrollElement;
        const win = this.targetWindow;
        if (el === null || win === null) return;
        const scroller = "document" in el ? el.document.scrollingElement : el;
        if (!(scroller == null ? void 0 : scroller.style)) return;
        if (this._momentumStop) {
          this._momentumStop.done = done;
          return;
        }
        const { style } = scroller;
        const property = this.options.horizontal ? "overflow-x" : "overflow-y";
        const value = style.getPropertyValue(property);
        const priority = style.getPropertyPriority(property);
        const crossSize = () => this.options.horizontal ? scroller.clientHeight : scroller.clientWidth;
        const crossSizeBefore = crossSize();
        style.setProperty(property, "hidden", "important");
        if (crossSize() !== crossSizeBefore) {
          style.setProperty(property, value, priority);
          return;
        }
        const stop = {
          // False when the app replaced the hidden value: the fling may not
          // have stopped.
          restore: () => {
            if (style.getPropertyValue(property) !== "hidden" || style.getPropertyPriority(property) !== "important") {
              return false;
            }
            style.setProperty(property, value, priority);
            return true;
          },
          done
        };
        this._momentumStop = stop;
        win.requestAnimationFrame(
          () => win.requestAnimationFrame(() => {
            if (this._momentumStop !== stop) return;
            this._momentumStop = null;
            if (stop.restore()) stop.done();
          })
        );
      };
      this._clampedBy = (target) => {
        const elementMax = this._elementMaxScrollOffset();
        if (elementMax === null) return null;
        const maxAtWrite = elementMax + this._holdOffset;
        return target > maxAtWrite + 0.5 ? { target, maxAtWrite } : null;
      };
      this.getVirtualDistanceFromEnd = () => {
        return Math.max(
          this._getLayoutTotalSize() + this.options.scrollMargin - this.getSize() - this.getScrollOffset(),
          0
        );
      };
      this.getDistanceFromEnd = () => {
        return Math.max(this.getMaxScrollOffset() - this.getScrollOffset(), 0);
      };
      this.isAtEnd = (threshold = this.options.scrollEndThreshold) => {
        return this.getDistanceFromEnd() <= threshold;
      };
      this.getOffsetForAlignment = (toOffset, align, itemSize = 0) => {
        if (!this.scrollElement) return 0;
        const size2 = this.getSize();
        const scrollOffset = this.getScrollOffset();
        if (align === "auto") {
          align = toOffset >= scrollOffset + size2 ? "end" : "start";
        }
        if (align === "center") {
          toOffset += (itemSize - size2) / 2;
        } else if (align === "end") {
          toOffset -= size2;
        }
        const maxOffset = this.getMaxScrollOffset();
        return Math.max(Math.min(maxOffset, toOffset), 0);
      };
      this.getOffsetForIndex = (index2, align = "auto") => {
        index2 = Math.max(0, Math.min(index2, this.options.count - 1));
        const size2 = this.getSize();
        const scrollOffset = this.getScrollOffset();
        const item = this.getMeasurements()[index2];
        if (!item) return;
        if (align === "auto") {
          if (item.end >= scrollOffset + size2 - this.options.scrollPaddingEnd) {
            align = "end";
          } else if (item.start <= scrollOffset + this.options.scrollPaddingStart) {
            align = "start";
          } else {
            return [scrollOffset, align];
          }
        }
        if (align === "end" && index2 === this.options.count - 1) {
          const maxOffset = this.getMaxScrollOffset();
          const toOffset2 = maxOffset - this.options.paddingEnd + this.options.scrollPaddingEnd;
          return [Math.max(Math.min(toOffset2, maxOffset), 0), align];
        }
        const toOffset = align === "end" ? item.end + this.options.scrollPaddingEnd : item.start - this.options.scrollPaddingStart;
        return [
          this.getOffsetForAlignment(toOffset, align, item.size),
          align
        ];
      };
      this.scrollToOffset = (toOffset, { align = "start", behavior = "auto" } = {}) => {
        this._startScroll(
          { index: null, align },
          this.getOffsetForAlignment(toOffset, align),
          behavior,
          "absolute"
        );
      };
      this.scrollToIndex = (index2, {
        align: initialAlign = "auto",
        behavior = "auto"
      } = {}) => {
        index2 = Math.max(0, Math.min(index2, this.options.count - 1));
        const offsetInfo = this.getOffsetForIndex(index2, initialAlign);
        if (!offsetInfo) return;
        const [offset, align] = offsetInfo;
        this._startScroll({ index: index2, align }, offset, behavior, "absolute");
      };
      this.scrollBy = (delta, { behavior = "auto" } = {}) => {
        const offset = this.getOffsetForAlignment(
          (this.getCommandWrittenOffset() ?? this.getScrollOffset()) + delta,
          "start"
        );
        this._startScroll(
          { index: null, align: "start" },
          offset,
          behavior,
          "relative"
        );
      };
      this.scrollToEnd = ({ behavior = "auto" } = {}) => {
        if (this.options.count > 0) {
          this._startScroll(
            { index: this.options.count - 1, align: "end", toEnd: true },
            Math.max(this.getMaxScrollOffset(), 0),
            behavior,
            "absolute"
          );
          return;
        }
        this.scrollToOffset(Math.max(this.getTotalSize() - this.getSize(), 0), {
          behavior
        });
      };
      this.cancelScroll = () => {
        if (this.rafId != null && this.targetWindow) {
          this.targetWindow.cancelAnimationFrame(this.rafId);
          this.rafId = null;
        }
        this.scrollState = null;
      };
      this.getTotalSize = () => Math.max(this._getLayoutTotalSize() - this._holdOffset, 0);
      this._getLayoutTotalSize = () => {
        var _a, _b;
        const measurements = this.getMeasurements();
        let end;
        if (measurements.length === 0) {
          end = this.options.paddingStart;
        } else if (this.options.lanes === 1) {
          const lastIdx = measurements.length - 1;
          const flat = (_a = this._singleLaneMeasurements) == null ? void 0 : _a.flat;
          if (flat != null) {
            end = flat[lastIdx * 2] + flat[lastIdx * 2 + 1];
          } else {
            end = ((_b = measurements[lastIdx]) == null ? void 0 : _b.end) ?? 0;
          }
        } else {
          const endByLane = Array(this.options.lanes).fill(null);
          let endIndex = measurements.length - 1;
          while (endIndex >= 0 && endByLane.some((val) => val === null)) {
            const item = measurements[endIndex];
            if (endByLane[item.lane] === null) {
              endByLane[item.lane] = item.end;
            }
            endIndex--;
          }
          end = Math.max(...endByLane.filter((val) => val !== null));
        }
        return Math.max(
          end - this.options.scrollMargin + this.options.paddingEnd,
          0
        );
      };
      this.takeSnapshot = () => {
        const snapshot = [];
        if (this.itemSizeCache.size === 0) return snapshot;
        const m5 = this.getMeasurements();
        for (const item of m5) {
          if (item && this.itemSizeCache.has(item.key)) {
            snapshot.push({
              index: item.index,
              key: item.key,
              start: item.start,
              size: item.size,
              end: item.end,
              lane: item.lane
            });
          }
        }
        return snapshot;
      };
      this._scrollToOffset = (offset, {
        adjustments,
        behavior
      } = {}) => {
        const write = {
          target: offset + (adjustments ?? 0),
          smooth: behavior === "smooth"
        };
        this.pendingWrite = write;
        this.options.scrollToFn(
          offset - this._holdOffset,
          { behavior, adjustments },
          this
        );
        return write;
      };
      this.getCommandWrittenOffset = () => this.scrollState !== null && this.pendingWrite !== null && !this.pendingWrite.smooth ? this.pendingWrite.target : null;
      this._awaitingCommandReadBack = () => {
        const writtenOffset = this.getCommandWrittenOffset();
        return !(isIOSWebKit() && this._iosGesture.dragging()) && writtenOffset !== null && !approxEqual(writtenOffset, this.getScrollOffset());
      };
      this._followOffsetTarget = (delta) => {
        if (this.scrollState !== null && this.scrollState.index == null) {
          this.scrollState.lastTargetOffset += delta;
        }
      };
      this.measure = () => {
        this.pendingMin = null;
        this.itemSizeCache.clear();
        this.laneAssignments.clear();
        this.itemSizeCacheVersion++;
        this.notify(false);
      };
      this.setOptions(opts);
    }
    /**
     * @deprecated Always 0: a scroll correction is folded into `scrollOffset`
     * at once, so there is never an outstanding adjustment to add to it. Read
     * `scrollOffset` alone.
     */
    get scrollAdjustments() {
      return 0;
    }
    // Returns `true` when it performed a synchronous `scrollTop` write this
    // tick, `false` when the delta was zero or the write was deferred (iOS).
    // `resizeItem` uses that to decide whether the follow-up `notify` must be
    // synchronous so the grown transforms commit in the same paint (#1227).
    applyScrollAdjustment(delta, behavior) {
      if (delta === 0) return false;
      if (this.options.debug) {
        console.info("correction", delta);
      }
      this._followOffsetTarget(delta);
      if (!this._canWriteScroll()) {
        this._holdOffset += delta;
        if (this.scrollOffset !== null) this.scrollOffset += delta;
        return true;
      } else {
        const offset = this.getScrollOffset();
        this._clampedAdjustment = this._clampedBy(offset + delta);
        const write = this._scrollToOffset(offset, {
          adjustments: delta,
          behavior
        });
        if (this.scrollOffset !== null) {
          if (this.pendingWrite === write) this.scrollOffset += delta;
          if (this.scrollOffset < 0) this.scrollOffset = 0;
        }
        return true;
      }
    }
    scheduleScrollReconcile() {
      if (!this.targetWindow) {
        this.scrollState = null;
        return;
      }
      if (this.rafId != null) return;
      this.rafId = this.targetWindow.requestAnimationFrame(() => {
        this.rafId = null;
        this.reconcileScroll();
      });
    }
    getScrollStateTarget(state) {
      const offsetInfo = state.toEnd ? [Math.max(this.getMaxScrollOffset(), 0)] : state.index != null ? this.getOffsetForIndex(state.index, state.align) : void 0;
      return offsetInfo ? offsetInfo[0] : state.lastTargetOffset;
    }
    reconcileScroll() {
      if (!this.scrollState) return;
      const el = this.scrollElement;
      if (!el) return;
      const MAX_RECONCILE_MS = 5e3;
      if (this.now() - this.scrollState.startedAt > MAX_RECONCILE_MS) {
        this.scrollState = null;
        return;
      }
      if (this.scrollState.phase === "queued") {
        this.scheduleScrollReconcile();
        return;
      }
      this.getMeasurements();
      const targetOffset = this.getScrollStateTarget(this.scrollState);
      const STABLE_FRAMES = this.scrollState.index == null ? 1 : this.options.useAnimationFrameWithResizeObserver ? 3 : 2;
      const targetChanged = targetOffset !== this.scrollState.lastTargetOffset;
      if (!targetChanged && approxEqual(targetOffset, this.getScrollOffset())) {
        if (this.scrollState.phase === "smooth") {
          this.scrollState.phase = "smoothLanded";
        } else if (this.scrollState.phase === "smoothFinishing") {
          this.scrollState.phase = "instant";
        }
        this.scrollState.stableFrames++;
        if (this.scrollState.stableFrames >= STABLE_FRAMES) {
          if (this.getScrollOffset() !== targetOffset) {
            this._scrollToOffset(targetOffset, { behavior: "auto" });
          }
          this.scrollState = null;
          return;
        }
      } else {
        this.scrollState.stableFrames = 0;
        if (targetChanged) {
          const viewport = this.getSize() || 600;
          const distance = Math.abs(targetOffset - this.getScrollOffset());
          const keepSmooth = isSmoothScroll(this.scrollState) && distance > viewport;
          this.scrollState.lastTargetOffset = targetOffset;
          if (keepSmooth) {
            this.scrollState.phase = "smooth";
          } else if (this.scrollState.phase === "smooth") {
            this.scrollState.phase = "smoothFinishing";
          } else if (this.scrollState.phase === "smoothLanded") {
            this.scrollState.phase = "instant";
          }
          this._scrollToOffset(targetOffset, {
            behavior: keepSmooth ? "smooth" : "auto"
          });
        }
      }
      this.scheduleScrollReconcile();
    }
    // Every scroll command starts here: it becomes the in-flight command,
    // writes its first target and leaves reconcile to retarget and retire it.
    //
    // Targets are layout offsets. A held correction is not dropped by a
    // command: the write lands the element `_holdOffset` short of the target,
    // under the rows exposed shifted by the same amount, and the flush moves
    // both together once a write is possible.
    //
    // An index or end target that is already at its offset starts a smooth
    // scroll as landed; an offset target never does, so its first scroll
    // event is read as the user's (see the scroll handler in `_willUpdate`).
    _startScroll(target, offset, behavior, kind) {
      this.pendingScrollAnchor = null;
      this._clampedAdjustment = null;
      const tail = this._iosGesture.tail();
      if (kind === "absolute" && tail !== null) {
        if (tail === "fling" && momentumOverridesWrites()) {
          this._stopMomentum(() => {
            const state = this.scrollState;
            if ((state == null ? void 0 : state.phase) !== "queued" || // A finger came down: it owns the scroll until it lifts.
            this._iosGesture.tail() !== "fling" || // In a bounce WebKit can drop the write (#1287): the tail
            // decides, as without the stop. (Not `flingCaught`: our stop
            // also ends the fling at speed, so a slow frame would read as
            // a catch and the tail would drop the command.)
            this._reportedOverscroll) {
              return;
            }
            this._iosGesture.end();
            this._flushHoldIfReady(true);
            this._writeAwaitingCommand();
          });
          this.scrollState = {
            ...target,
            startedAt: this.now(),
            lastTargetOffset: offset,
            stableFrames: 0,
            phase: "queued",
            behavior,
            samples: []
          };
          this.scheduleScrollReconcile();
          return;
        }
        this._iosGesture.end();
      }
      this.scrollState = {
        ...target,
        startedAt: this.now(),
        lastTargetOffset: offset,
        stableFrames: 0,
        behavior,
        phase: initialScrollPhase(
          behavior,
          target.index != null && approxEqual(offset, this.getScrollOffset())
        )
      };
      this._scrollToOffset(offset, { behavior });
      this.scheduleScrollReconcile();
    }
  };
  var findNearestBinarySearch = (low, high, getCurrentValue, value) => {
    while (low <= high) {
      const middle = (low + high) / 2 | 0;
      const currentValue = getCurrentValue(middle);
      if (currentValue < value) {
        low = middle + 1;
      } else if (currentValue > value) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    if (low > 0) {
      return low - 1;
    } else {
      return 0;
    }
  };
  function findNearestBinarySearchFlat(flat, high, value) {
    let low = 0;
    while (low <= high) {
      const middle = (low + high) / 2 | 0;
      const currentValue = flat[middle * 2];
      if (currentValue < value) {
        low = middle + 1;
      } else if (currentValue > value) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return low > 0 ? low - 1 : 0;
  }
  function calculateRangeImpl(measurements, outerSize, scrollOffset, lanes, flat) {
    const lastIndex = measurements.length - 1;
    if (measurements.length <= lanes) {
      return { startIndex: 0, endIndex: lastIndex };
    }
    if (lanes === 1 && flat !== null) {
      const startIndex2 = findNearestBinarySearchFlat(
        flat,
        lastIndex,
        scrollOffset
      );
      let endIndex2 = startIndex2;
      const limit2 = scrollOffset + outerSize;
      while (endIndex2 < lastIndex && flat[endIndex2 * 2] + flat[endIndex2 * 2 + 1] < limit2) {
        endIndex2++;
      }
      return { startIndex: startIndex2, endIndex: endIndex2 };
    }
    const getStart = (index2) => measurements[index2].start;
    let startIndex = findNearestBinarySearch(0, lastIndex, getStart, scrollOffset);
    let endIndex = startIndex;
    if (lanes === 1) {
      while (endIndex < lastIndex && measurements[endIndex].end < scrollOffset + outerSize) {
        endIndex++;
      }
    } else if (lanes > 1) {
      const endPerLane = Array(lanes).fill(0);
      while (endIndex < lastIndex && endPerLane.some((pos) => pos < scrollOffset + outerSize)) {
        const item = measurements[endIndex];
        endPerLane[item.lane] = item.end;
        endIndex++;
      }
      const startPerLane = Array(lanes).fill(scrollOffset + outerSize);
      while (startIndex >= 0 && startPerLane.some((pos) => pos >= scrollOffset)) {
        const item = measurements[startIndex];
        startPerLane[item.lane] = item.start;
        startIndex--;
      }
      startIndex = Math.max(0, startIndex - startIndex % lanes);
      endIndex = Math.min(lastIndex, endIndex + (lanes - 1 - endIndex % lanes));
    }
    return { startIndex, endIndex };
  }

  // src/ui/rows.tsx
  var heights = lasting("heights");
  var STICKY = 64;
  function useWindowRows({ count: count2, height, name, margin }) {
    const [, render] = _2((value) => value + 1, 0);
    const [guess] = d2(heights.get(name) ?? height);
    const options = {
      count: count2,
      estimateSize: () => guess,
      getScrollElement: () => window,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      scrollToFn: windowScroll,
      initialOffset: () => scrollY,
      overscan: 2,
      scrollPaddingStart: STICKY,
      scrollMargin: margin,
      onChange: () => render()
    };
    const [virtualizer] = d2(() => new Virtualizer(options));
    virtualizer.setOptions(options);
    F2(() => virtualizer._didMount(), []);
    F2(() => {
      const remember = () => {
        const first = virtualizer.getVirtualItems()[0];
        if (first?.index) heights.set(name, (first.start - virtualizer.options.scrollMargin) / first.index);
      };
      addEventListener("pagehide", remember, true);
      return () => {
        removeEventListener("pagehide", remember, true);
        remember();
      };
    }, [name]);
    F2(() => virtualizer._willUpdate());
    return virtualizer;
  }
  function usePlace(element, width, gap) {
    const [place2, setPlace] = d2({ columns: 1, top: 0 });
    F2(() => {
      const measure = () => {
        const box = element.current.getBoundingClientRect();
        const columns2 = Math.max(1, Math.floor((box.width + gap) / (width + gap)));
        const top = Math.round(box.top + scrollY);
        setPlace((was) => was.columns === columns2 && was.top === top ? was : { columns: columns2, top });
      };
      const observer = new ResizeObserver(measure);
      observer.observe(element.current);
      observer.observe(document.body);
      measure();
      return () => observer.disconnect();
    }, [width, gap]);
    return place2;
  }
  function WindowGrid({ items, width, gap, height, label, children, name, follow = -1 }) {
    const element = T2(null);
    const { columns: columns2, top } = usePlace(element, width, gap);
    const rows = useWindowRows({ count: Math.ceil(items.length / columns2), height: height + gap, name: `${name} ${width}`, margin: top });
    A2(() => {
      if (follow >= 0) rows.scrollToIndex(Math.floor(follow / columns2));
    }, [follow]);
    return /* @__PURE__ */ a4("div", { ref: element, class: `rows ${name}`, role: "list", "aria-label": label, style: { height: `${rows.getTotalSize()}px` }, children: rows.getVirtualItems().map((row) => /* @__PURE__ */ a4(
      "div",
      {
        ref: (made3) => {
          rows.measureElement(made3);
        },
        "data-index": row.index,
        class: "row",
        role: "presentation",
        style: {
          transform: `translateY(${row.start - top}px)`,
          gridTemplateColumns: `repeat(${columns2}, minmax(0, 1fr))`,
          gap: `${gap}px`,
          paddingBottom: `${gap}px`
        },
        children: items.slice(row.index * columns2, (row.index + 1) * columns2).map((item, place2) => /* @__PURE__ */ a4("div", { role: "listitem", "aria-setsize": items.length, "aria-posinset": row.index * columns2 + place2 + 1, children: children(item, row.index * columns2 + place2) }, place2))
      },
      row.key
    )) });
  }

  // src/ui/size.tsx
  var SIZES = { small: 0.8, medium: 1, large: 1.7 };
  var size = () => choice("tiles", SIZES, "medium");
  var sized = (width) => Math.round(width * SIZES[size()]);
  function SizeChoice() {
    return /* @__PURE__ */ a4("label", { class: "field", children: [
      /* @__PURE__ */ a4("span", { children: "Clips" }),
      /* @__PURE__ */ a4("select", { id: "tiles", value: size(), onChange: (event) => {
        const { value } = event.currentTarget;
        change({ tiles: value === "medium" ? null : value });
      }, children: Object.keys(SIZES).map((one) => /* @__PURE__ */ a4("option", { value: one, children: one }, one)) })
    ] });
  }

  // src/views/levels.tsx
  function LevelChoice() {
    if (!severalLevels) return null;
    return /* @__PURE__ */ a4("label", { class: "field", children: [
      /* @__PURE__ */ a4("span", { children: "Clusters" }),
      /* @__PURE__ */ a4("select", { id: "level", value: String(depth.value), onChange: (event) => change({ ...headOf(levels.value[Number(event.currentTarget.value)]), within: null }), children: levels.value.map((place2, at) => /* @__PURE__ */ a4("option", { value: String(at), children: [
        run.views[place2].clusters,
        run.views[place2].clusters === run.views[run.selected].clusters ? " (selected)" : ""
      ] }, place2)) })
    ] });
  }
  function Folds({ cluster }) {
    if (!severalLevels) return null;
    const [parent, below] = [parentOf(cluster), partsOf(cluster)];
    if (!parent && !below) return null;
    return /* @__PURE__ */ a4("p", { class: "folds", children: [
      parent && /* @__PURE__ */ a4("a", { href: addressIn(parent.place, parent.cluster), title: `${percent(parent.share)} of its clips are in it`, children: [
        "part of ",
        titleIn(parent.place, parent.cluster)
      ] }),
      below && /* @__PURE__ */ a4("a", { href: addressOfParts(below.place, levels.value[depth.value], cluster), children: [
        plural(below.parts.length, "part"),
        " at ",
        run.views[below.place].clusters,
        " clusters"
      ] })
    ] });
  }
  function Relatives({ cluster }) {
    if (!severalLevels) return null;
    const [parent, below] = [parentOf(cluster), partsOf(cluster)];
    if (!parent && !below) return null;
    return /* @__PURE__ */ a4("section", { "aria-labelledby": "relatives-title", children: [
      /* @__PURE__ */ a4("h2", { id: "relatives-title", children: "Other numbers of clusters" }),
      parent && /* @__PURE__ */ a4("p", { children: [
        "With ",
        run.views[parent.place].clusters,
        " clusters, ",
        percent(parent.share),
        " of these clips are in ",
        /* @__PURE__ */ a4("a", { href: addressIn(parent.place, parent.cluster), children: titleIn(parent.place, parent.cluster) }),
        "."
      ] }),
      below && /* @__PURE__ */ a4($, { children: [
        /* @__PURE__ */ a4("p", { children: [
          "With ",
          run.views[below.place].clusters,
          " clusters, ",
          /* @__PURE__ */ a4("a", { href: addressOfParts(below.place, levels.value[depth.value], cluster), children: "its parts" }),
          " are:"
        ] }),
        /* @__PURE__ */ a4("ul", { class: "near", children: below.parts.map((one) => /* @__PURE__ */ a4("li", { children: [
          /* @__PURE__ */ a4("a", { href: addressIn(below.place, one.cluster), children: titleIn(below.place, one.cluster) }),
          /* @__PURE__ */ a4("p", { children: [
            plural(one.size, "clip"),
            ", ",
            percent(one.share),
            " of them here."
          ] })
        ] }, one.cluster)) })
      ] })
    ] });
  }
  function WithinPill() {
    const limit2 = within.value;
    if (!limit2) return null;
    return /* @__PURE__ */ a4("span", { class: "pill", children: [
      "parts of ",
      /* @__PURE__ */ a4("a", { href: addressIn(limit2.place, limit2.cluster), children: titleIn(limit2.place, limit2.cluster) }),
      " of ",
      count(run.views[limit2.place].clusters),
      ", at ",
      count(clusterCount.value),
      " clusters"
    ] });
  }

  // src/views/cluster.tsx
  var TOUR = 50;
  function ClusterPage() {
    const number2 = /^\d+$/.test(route.value.id) ? Number(route.value.id) : -1;
    const cluster = summary.value?.[number2];
    if (!summary.value) return /* @__PURE__ */ a4(Loading, {});
    if (!cluster) return /* @__PURE__ */ a4("p", { class: "nothing", children: [
      "There is no cluster ",
      route.value.id,
      "."
    ] });
    return /* @__PURE__ */ a4(Shown2, { cluster }, number2);
  }
  function Shown2({ cluster }) {
    const { number: number2 } = cluster;
    const common = cluster.classes[0]?.[0] ?? -1;
    const rows = ordered(number2, common);
    const { before, after } = beside(number2);
    const playable = rows.filter((row) => mediaOf(row) === 2).slice(0, TOUR).map((row) => keyOfTile({ row, place: "all" }));
    const touring = tour.value;
    const now = touring?.keys[touring.at];
    const follow = now === void 0 ? -1 : rows.indexOf(rowOfTile(now));
    A2(() => {
      if (now !== void 0 && follow < 0) stepTour();
    }, [now, follow]);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("p", { class: "steps", children: [
          /* @__PURE__ */ a4("a", { href: addressOf("overview"), children: "All clusters" }),
          before !== null && /* @__PURE__ */ a4("a", { href: addressOf("cluster", before), "aria-keyshortcuts": "k", children: [
            /* @__PURE__ */ a4(Icon, { name: "before" }),
            titleOf(before)
          ] }),
          after !== null && /* @__PURE__ */ a4("a", { href: addressOf("cluster", after), "aria-keyshortcuts": "j", children: [
            titleOf(after),
            /* @__PURE__ */ a4(Icon, { name: "after" })
          ] })
        ] }),
        /* @__PURE__ */ a4("div", { class: "title-row", children: [
          /* @__PURE__ */ a4("h1", { children: titleOf(number2) }),
          /* @__PURE__ */ a4(Rename, { cluster: number2 }),
          canEdit.value && /* @__PURE__ */ a4(ClusterChoice, { word: "Merge into", without: number2, choose: (into) => {
            mergeClusters(number2, into);
            go(addressOf("cluster", into));
          } })
        ] }),
        mergedInto(number2) !== number2 && /* @__PURE__ */ a4("p", { children: [
          "You merged this cluster into ",
          /* @__PURE__ */ a4("a", { href: addressOf("cluster", mergedInto(number2)), children: titleOf(mergedInto(number2)) }),
          "."
        ] }),
        /* @__PURE__ */ a4("p", { class: "facts", children: [
          nameOf(number2) && /* @__PURE__ */ a4("span", { children: [
            "cluster ",
            number2
          ] }),
          /* @__PURE__ */ a4("span", { children: [
            plural(cluster.size, "clip"),
            ", ",
            percent(cluster.size / run.clips),
            " of all"
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a4("div", { class: "columns", children: [
        /* @__PURE__ */ a4("section", { "aria-labelledby": "measures-title", children: [
          /* @__PURE__ */ a4("h2", { id: "measures-title", children: "Measures" }),
          /* @__PURE__ */ a4("dl", { class: "measures", children: [
            /* @__PURE__ */ a4(Measure, { name: "Purity", value: cluster.purity, title: MEANS.purity }),
            /* @__PURE__ */ a4(Measure, { name: "Margin", value: cluster.margin, title: MEANS.margin }),
            /* @__PURE__ */ a4(Measure, { name: "Heads agree", value: cluster.heads, title: MEANS.heads }),
            /* @__PURE__ */ a4(Measure, { name: "Video and audio agree", value: cluster.modalities, title: MEANS.modalities })
          ] }),
          cluster.entropy !== null && /* @__PURE__ */ a4("p", { class: "aside", children: [
            "Entropy of the classes: ",
            cluster.entropy.toFixed(2),
            " bits."
          ] })
        ] }),
        cluster.classes.length > 0 && /* @__PURE__ */ a4(Classes, { cluster }),
        /* @__PURE__ */ a4(Beside, { cluster }),
        /* @__PURE__ */ a4(Relatives, { cluster: number2 })
      ] }),
      /* @__PURE__ */ a4("div", { class: "toolbar", role: "group", "aria-label": "Clips", children: [
        /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Order" }),
          /* @__PURE__ */ a4("select", { id: "order", value: order(), onChange: (event) => {
            stopPlaying();
            change({ order: event.currentTarget.value === "typical" ? null : event.currentTarget.value });
          }, children: Object.keys(ORDERS).filter((one) => one !== "misfits" || cluster.classes.length > 1).map((one) => /* @__PURE__ */ a4("option", { value: one, children: ORDERS[one] }, one)) })
        ] }),
        playable.length > 0 && /* @__PURE__ */ a4("button", { type: "button", class: "play-all", onClick: () => touring ? stopPlaying() : startTour("all", playable), children: [
          /* @__PURE__ */ a4(Icon, { name: touring ? "stop" : "play" }),
          touring ? `Stop ${touring.at + 1}/${playable.length}` : "Play with sound"
        ] }),
        /* @__PURE__ */ a4(SizeChoice, {}),
        /* @__PURE__ */ a4(
          "button",
          {
            type: "button",
            "aria-pressed": selecting.value,
            onClick: () => {
              if (selecting.value) clearSelection();
              else selecting.value = true;
            },
            children: [
              /* @__PURE__ */ a4(Icon, { name: "check" }),
              "Select"
            ]
          }
        ),
        selecting.value && /* @__PURE__ */ a4("button", { type: "button", onClick: () => selectAll(rows), children: [
          "Select all ",
          count(rows.length)
        ] }),
        setting("class") !== "" && /* @__PURE__ */ a4(ClassChip, { place: Number(setting("class")) }),
        /* @__PURE__ */ a4("output", { class: "status", role: "status", children: plural(rows.length, "clip") })
      ] }),
      /* @__PURE__ */ a4(WindowGrid, { items: rows, width: sized(176), gap: 8, height: sized(140), label: "Clips", name: "clips", follow, children: (row, at) => /* @__PURE__ */ a4(Tile, { row, place: "all", common, stop: at === 0, list: rows }, row) })
    ] });
  }
  function Classes({ cluster }) {
    const [whole3, setWhole] = d2(false);
    const most = cluster.classes[0][1];
    const shown3 = whole3 ? cluster.classes : cluster.classes.slice(0, DRAWN);
    const rest = cluster.classes.length - DRAWN;
    return /* @__PURE__ */ a4("section", { "aria-labelledby": "classes-title", children: [
      /* @__PURE__ */ a4("h2", { id: "classes-title", children: plural(cluster.classes.length, "class", "es") }),
      /* @__PURE__ */ a4(ClassBar, { classes: cluster.classes }),
      /* @__PURE__ */ a4("ul", { class: "histogram", children: shown3.map(([place2, clips], rank) => /* @__PURE__ */ a4("li", { children: [
        /* @__PURE__ */ a4(ClassChip, { place: place2, rank: Math.min(rank, 5) }),
        /* @__PURE__ */ a4("span", { class: "track", "aria-hidden": "true", children: /* @__PURE__ */ a4("span", { style: { width: `${100 * clips / most}%` } }) }),
        /* @__PURE__ */ a4("span", { class: "value", children: count(clips) })
      ] }, place2)) }),
      rest > 0 && /* @__PURE__ */ a4("button", { type: "button", class: "quiet", "aria-expanded": whole3, onClick: () => setWhole(!whole3), children: whole3 ? "Show fewer" : `Show ${plural(rest, "more class", "es")}` })
    ] });
  }
  var NEAREST = 2;
  function Beside({ cluster }) {
    const [whole3, setWhole] = d2(false);
    const known = members.value;
    if (!known) return null;
    const second = isSelected.value ? column("second") : null;
    const near = neighbours(cluster.number, rowsOf(known, cluster.number), { second, video: byVideo.value, audio: byAudio.value }, mergedInto);
    if (!near.length) return null;
    return /* @__PURE__ */ a4("section", { "aria-labelledby": "near-title", children: [
      /* @__PURE__ */ a4("h2", { id: "near-title", children: "Nearest clusters" }),
      /* @__PURE__ */ a4("ul", { class: "near", children: near.slice(0, whole3 ? near.length : NEAREST).map((one) => /* @__PURE__ */ a4("li", { children: [
        /* @__PURE__ */ a4("a", { href: addressOf("cluster", one.cluster), children: titleOf(one.cluster) }),
        /* @__PURE__ */ a4("p", { children: doubts(one) }),
        cluster.classes[0] && /* @__PURE__ */ a4("p", { children: classesOf(cluster, one.cluster) })
      ] }, one.cluster)) }),
      near.length > NEAREST && /* @__PURE__ */ a4("button", { type: "button", class: "quiet", "aria-expanded": whole3, onClick: () => setWhole(!whole3), children: whole3 ? "Show fewer" : `Show ${plural(near.length - NEAREST, "more cluster")}` })
    ] });
  }
  function doubts({ second, video, audio }) {
    const words2 = [];
    if (second) words2.push(`second choice of ${plural(second, "clip")}`);
    if (video) words2.push(`video alone puts ${plural(video, "clip")} there`);
    if (audio) words2.push(`audio alone ${video ? "" : "puts "}${plural(audio, "clip")}${video ? "" : " there"}`);
    const text = words2.join(", ");
    return text && `${text[0].toUpperCase()}${text.slice(1)}.`;
  }
  function classesOf(cluster, number2) {
    const here2 = cluster.classes[0][0];
    const there = summary.value?.[number2]?.classes[0]?.[0];
    if (there === void 0) return "";
    return here2 === there ? `Both are mostly ${className(here2)}.` : `Here mostly ${className(here2)}, there ${className(there)}.`;
  }

  // src/views/card.tsx
  var COLUMNS = (run.media?.aspect ?? 1) > 1.2 ? 2 : 3;
  var SHOWN = 2 * COLUMNS;
  function toShow({ cluster, matches: matches2 }) {
    const rows = rowsOf(members.value, cluster.number);
    if (matches2) {
      const wanted = [...matches2].sort((a5, b3) => mediaOf(b3) - mediaOf(a5) || (marginOf(b3) ?? 0) - (marginOf(a5) ?? 0));
      return wanted.slice(0, SHOWN);
    }
    const playable = rows.filter((row) => mediaOf(row) === 2);
    if (playable.length >= SHOWN) return sample(playable, SHOWN);
    const pictured = rows.filter((row) => mediaOf(row) > 0);
    return sample(pictured.length ? pictured : rows, SHOWN);
  }
  function Card({ found: found2 }) {
    const { cluster, matches: matches2 } = found2;
    const rows = toShow(found2);
    const place2 = `c${cluster.number}`;
    const touring = tour.value?.name === place2 ? tour.value : null;
    const playable = rows.filter((row) => mediaOf(row) === 2).map((row) => keyOfTile({ row, place: place2 }));
    const name = nameOf(cluster.number);
    return /* @__PURE__ */ a4("article", { class: "card", "aria-labelledby": `title-${cluster.number}`, "data-cluster": cluster.number, children: [
      /* @__PURE__ */ a4("header", { children: [
        /* @__PURE__ */ a4("h2", { id: `title-${cluster.number}`, children: /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster.number), title: titleOf(cluster.number), children: titleOf(cluster.number) }) }),
        /* @__PURE__ */ a4(Rename, { cluster: cluster.number }),
        /* @__PURE__ */ a4("p", { class: "facts", children: [
          name && /* @__PURE__ */ a4("span", { children: [
            "cluster ",
            cluster.number
          ] }),
          /* @__PURE__ */ a4("span", { title: `${percent(cluster.size / run.clips)} of all clips`, children: plural(cluster.size, "clip") })
        ] }),
        playable.length > 0 && /* @__PURE__ */ a4(
          "button",
          {
            type: "button",
            class: "quiet play-all",
            "aria-describedby": `title-${cluster.number}`,
            onClick: () => touring ? stopPlaying() : startTour(place2, playable),
            children: [
              /* @__PURE__ */ a4(Icon, { name: touring ? "stop" : "play" }),
              touring ? `Stop ${touring.at + 1}/${playable.length}` : "Play"
            ]
          }
        )
      ] }),
      /* @__PURE__ */ a4("div", { class: "strip", style: { gridTemplateColumns: `repeat(${COLUMNS}, minmax(0, 1fr))` }, role: "group", "aria-label": `Clips of ${titleOf(cluster.number)}`, children: rows.map((row, at) => /* @__PURE__ */ a4(Tile, { row, place: place2, common: cluster.classes[0]?.[0] ?? -1, stop: at === 0 }, row)) }),
      cluster.classes.length > 0 && /* @__PURE__ */ a4(ClassBar, { classes: cluster.classes }),
      cluster.classes.length > 0 && /* @__PURE__ */ a4(ClassChips, { classes: cluster.classes, shown: 2 }),
      /* @__PURE__ */ a4("dl", { class: "measures", children: [
        /* @__PURE__ */ a4(Measure, { name: "Purity", value: cluster.purity, title: MEANS.purity }),
        /* @__PURE__ */ a4(Measure, { name: "Margin", value: cluster.margin, title: MEANS.margin }),
        /* @__PURE__ */ a4(Measure, { name: "Heads agree", value: cluster.heads, title: MEANS.heads }),
        /* @__PURE__ */ a4(Measure, { name: "Video and audio agree", value: cluster.modalities, title: MEANS.modalities })
      ] }),
      /* @__PURE__ */ a4(Folds, { cluster: cluster.number }),
      matches2 && /* @__PURE__ */ a4("p", { class: "note", children: [
        count(matches2.length),
        " of ",
        plural(cluster.size, "clip"),
        " ",
        matches2.length === 1 ? "matches" : "match"
      ] })
    ] });
  }

  // src/ui/menu.tsx
  function Menu({ word, icon, children }) {
    const element = T2(null);
    A2(() => {
      const elsewhere = (event) => {
        if (event.target instanceof Node && !element.current.contains(event.target)) element.current.open = false;
      };
      document.addEventListener("pointerdown", elsewhere);
      document.addEventListener("focusin", elsewhere);
      return () => {
        document.removeEventListener("pointerdown", elsewhere);
        document.removeEventListener("focusin", elsewhere);
      };
    }, []);
    return /* @__PURE__ */ a4("details", { ref: element, class: "menu", onKeyDown: (event) => {
      if (event.key !== "Escape" || !element.current.open) return;
      element.current.open = false;
      element.current.querySelector("summary").focus();
    }, children: [
      /* @__PURE__ */ a4("summary", { class: "button", children: [
        /* @__PURE__ */ a4(Icon, { name: icon }),
        word
      ] }),
      /* @__PURE__ */ a4("div", { class: "panel", children })
    ] });
  }

  // src/views/toolbar.tsx
  var LIMITS = [
    ["least", "Clips, at least", Infinity],
    ["most", "Clips, at most", Infinity],
    ["purity", "Purity in %, at most", 100],
    ["margin", "Margin in %, at most", 100]
  ];
  function words(shown3) {
    const all = summary.value?.filter((one) => one.size).length ?? shown3;
    return shown3 === all ? plural(shown3, "cluster") : `${count(shown3)} of ${plural(all, "cluster")}`;
  }
  function Toolbar() {
    const shown3 = found.value;
    const timer2 = T2(void 0);
    const [typed, setTyped] = d2(null);
    const [open2, setOpen] = d2(false);
    const search = (text) => {
      setTyped(text);
      clearTimeout(timer2.current);
      timer2.current = setTimeout(() => {
        change({ q: text || null }, true);
        setTyped(null);
      }, 60);
    };
    A2(() => () => clearTimeout(timer2.current), []);
    const random = () => {
      const one = shown3?.[Math.floor(Math.random() * shown3.length)];
      if (one) go(addressOf("cluster", one.cluster.number));
    };
    return /* @__PURE__ */ a4("form", { class: open2 ? "toolbar open" : "toolbar", role: "search", "aria-label": "Clusters", onSubmit: (event) => event.preventDefault(), onInput: stopPlaying, children: [
      /* @__PURE__ */ a4("label", { class: "field search", children: [
        /* @__PURE__ */ a4(Icon, { name: "search" }),
        /* @__PURE__ */ a4(
          "input",
          {
            id: "search",
            type: "search",
            autocomplete: "off",
            spellcheck: false,
            "aria-label": "Search",
            "aria-keyshortcuts": "/",
            placeholder: classed ? "Search names, classes, files, #number" : "Search names, files, #number",
            value: typed ?? setting("q"),
            onFocus: () => once(() => column("keys") !== null, () => setTimeout(() => index.value)),
            onInput: (event) => search(event.currentTarget.value)
          }
        )
      ] }),
      /* @__PURE__ */ a4("button", { type: "button", class: "options", "aria-expanded": open2, "aria-controls": "options", onClick: () => setOpen(!open2), children: [
        /* @__PURE__ */ a4(Icon, { name: "filter" }),
        "Options"
      ] }),
      /* @__PURE__ */ a4("div", { id: "options", children: [
        /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Sort by" }),
          /* @__PURE__ */ a4("select", { id: "sort", value: setting("sort"), onChange: (event) => change({ sort: event.currentTarget.value }), children: [
            /* @__PURE__ */ a4("option", { value: "", children: isFiltered.value ? "matches" : "size" }),
            availableSorts.filter((sort) => sort !== "size" || isFiltered.value).map((sort) => /* @__PURE__ */ a4("option", { value: sort, children: SORTS[sort] }, sort))
          ] })
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", "aria-pressed": setting("reverse") !== "", onClick: () => change({ reverse: setting("reverse") ? null : "1" }), children: [
          /* @__PURE__ */ a4(Icon, { name: "order" }),
          "Reverse"
        ] }),
        /* @__PURE__ */ a4(Menu, { word: "Filter", icon: "filter", children: [
          classed && /* @__PURE__ */ a4("label", { children: [
            /* @__PURE__ */ a4("span", { children: "Class" }),
            /* @__PURE__ */ a4("select", { value: setting("class"), onChange: (event) => change({ class: event.currentTarget.value }), children: [
              /* @__PURE__ */ a4("option", { value: "", children: "all" }),
              run.classes.map((name, place2) => /* @__PURE__ */ a4("option", { value: place2, children: name }, place2))
            ] })
          ] }),
          LIMITS.filter(([name]) => name !== "purity" || classed).map(([name, words2, most]) => /* @__PURE__ */ a4("label", { children: [
            /* @__PURE__ */ a4("span", { children: words2 }),
            /* @__PURE__ */ a4(
              "input",
              {
                type: "number",
                min: 0,
                ...most === Infinity ? {} : { max: most },
                value: setting(name),
                onChange: (event) => change({ [name]: event.currentTarget.value })
              }
            )
          ] }, name))
        ] }),
        /* @__PURE__ */ a4(SizeChoice, {}),
        /* @__PURE__ */ a4("button", { type: "button", "aria-label": "Random cluster", title: "Go to a random cluster", onClick: random, children: [
          /* @__PURE__ */ a4(Icon, { name: "dice" }),
          "Random"
        ] }),
        /* @__PURE__ */ a4("label", { class: "switch", children: [
          /* @__PURE__ */ a4("input", { type: "checkbox", role: "switch", checked: hoverPlays.value, onChange: (event) => {
            hoverPlays.value = event.currentTarget.checked;
          } }),
          "Play on hover"
        ] }),
        /* @__PURE__ */ a4("label", { class: "switch", children: [
          /* @__PURE__ */ a4("input", { type: "checkbox", role: "switch", checked: hoverSounds.value, disabled: !hoverPlays.value, onChange: (event) => {
            hoverSounds.value = event.currentTarget.checked;
          } }),
          "with sound"
        ] })
      ] }),
      /* @__PURE__ */ a4("output", { class: "status", role: "status", children: shown3 ? words(shown3.length) : "" }),
      isFiltered.value && /* @__PURE__ */ a4("p", { class: "active", children: [
        /* @__PURE__ */ a4(WithinPill, {}),
        setting("q") !== "" && /* @__PURE__ */ a4("span", { class: "pill", children: [
          "search: ",
          setting("q")
        ] }),
        setting("class") !== "" && /* @__PURE__ */ a4("span", { class: "pill", children: [
          "class: ",
          className(Number(setting("class")))
        ] }),
        LIMITS.filter(([name]) => setting(name)).map(([name, words2]) => /* @__PURE__ */ a4("span", { class: "pill", children: [
          words2.toLowerCase(),
          " ",
          setting(name)
        ] }, name)),
        /* @__PURE__ */ a4("button", { type: "button", class: "quiet", onClick: clearFilters, children: [
          /* @__PURE__ */ a4(Icon, { name: "close" }),
          "Clear the filters"
        ] })
      ] })
    ] });
  }

  // src/views/overview.tsx
  function Overview() {
    const shown3 = found.value;
    const empty = summary.value?.filter((cluster) => !cluster.size).map((cluster) => cluster.number) ?? [];
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("h1", { class: "unseen", children: "Clusters" }),
      /* @__PURE__ */ a4(Toolbar, {}),
      (shown3 === null || shown3.length === 0 && searching.value) && /* @__PURE__ */ a4(Loading, {}),
      shown3?.length === 0 && !searching.value && /* @__PURE__ */ a4("section", { class: "nothing", children: [
        /* @__PURE__ */ a4("h2", { children: "No cluster matches" }),
        /* @__PURE__ */ a4("p", { children: "The search looks through the names and classes of the clusters and the files of all clips." }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: clearFilters, children: "Clear the filters" })
      ] }),
      shown3 && shown3.length > 0 && /* @__PURE__ */ a4(WindowGrid, { items: shown3, width: sized(320), gap: 16, height: 430, label: "Clusters", name: "cards", children: (one) => /* @__PURE__ */ a4(Card, { found: one }, one.cluster.number) }),
      empty.length > 0 && !isFiltered.value && /* @__PURE__ */ a4("p", { class: "aside", children: empty.length > 40 ? `${plural(empty.length, "cluster")} of ${clusterCount.value} have no clips.` : `No clip is in ${empty.length === 1 ? "cluster" : "clusters"} ${empty.join(", ")}.` })
    ] });
  }

  // src/data/scatter.ts
  var Grid = class {
    #points;
    #order;
    #begins;
    #side;
    #cell;
    /** Points as x, y, x, y, ... from 0 to 65535. */
    constructor(points2) {
      const count2 = points2.length / 2;
      const side = Math.max(1, Math.min(512, Math.floor(Math.sqrt(count2))));
      this.#points = points2;
      this.#side = side;
      this.#cell = 65536 / side;
      const begins = new Int32Array(side * side + 1);
      for (let row = 0; row < count2; row++) begins[this.#cellOf(row) + 1]++;
      for (let cell2 = 0; cell2 < side * side; cell2++) begins[cell2 + 1] += begins[cell2];
      const next = begins.slice();
      this.#order = new Int32Array(count2);
      for (let row = 0; row < count2; row++) this.#order[next[this.#cellOf(row)]++] = row;
      this.#begins = begins;
    }
    #cellOf(row) {
      return Math.floor(this.#points[2 * row + 1] / this.#cell) * this.#side + Math.floor(this.#points[2 * row] / this.#cell);
    }
    /** The nearest point within a distance, -1 for none. */
    nearest(x3, y5, within2) {
      const clamp = (value) => Math.max(0, Math.min(this.#side - 1, Math.floor(value / this.#cell)));
      let best = within2 * within2;
      let found2 = -1;
      for (let line = clamp(y5 - within2); line <= clamp(y5 + within2); line++) {
        const cell2 = line * this.#side;
        for (let at = this.#begins[cell2 + clamp(x3 - within2)]; at < this.#begins[cell2 + clamp(x3 + within2) + 1]; at++) {
          const row = this.#order[at];
          const [dx, dy] = [this.#points[2 * row] - x3, this.#points[2 * row + 1] - y5];
          const distance = dx * dx + dy * dy;
          if (distance < best || distance === best && found2 < 0) {
            best = distance;
            found2 = row;
          }
        }
      }
      return found2;
    }
  };
  function inside(points2, line) {
    const rows = [];
    const [xs, ys] = [line.map(([x3]) => x3), line.map(([, y5]) => y5)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    for (let row = 0; row < points2.length / 2; row++) {
      const [x3, y5] = [points2[2 * row], points2[2 * row + 1]];
      if (x3 < left || x3 > right || y5 < top || y5 > bottom) continue;
      let odd = false;
      for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
        const [[ax, ay], [bx, by]] = [line[at], line[before]];
        if (ay > y5 !== by > y5 && x3 < (bx - ax) * (y5 - ay) / (by - ay) + ax) odd = !odd;
      }
      if (odd) rows.push(row);
    }
    return rows;
  }
  function middles(points2, begins, order2) {
    return Array.from({ length: begins.length - 1 }, (_4, cluster) => {
      const rows = order2.subarray(begins[cluster], begins[cluster + 1]);
      if (!rows.length) return null;
      const median = (axis) => Uint16Array.from(rows, (row) => points2[2 * row + axis]).sort()[rows.length >> 1];
      return [median(0), median(1)];
    });
  }
  var APART = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [213, 94, 0],
    [86, 180, 233],
    [204, 121, 167],
    [184, 168, 0]
  ];
  function spreadColours(centres, sizes) {
    const found2 = centres.map(() => 0);
    const placed = [];
    const order2 = centres.map((_4, group2) => group2).filter((group2) => centres[group2]);
    for (const group2 of order2.sort((a5, b3) => sizes[b3] - sizes[a5] || a5 - b3)) {
      const [x3, y5] = centres[group2];
      const nearest = APART.map(() => Infinity);
      for (const other of placed) {
        const [dx, dy] = [centres[other][0] - x3, centres[other][1] - y5];
        const colour = found2[other];
        nearest[colour] = Math.min(nearest[colour], dx * dx + dy * dy);
      }
      found2[group2] = nearest.indexOf(Math.max(...nearest));
      placed.push(group2);
    }
    return found2;
  }
  function extent(points2) {
    let [left, top, right, bottom] = [65535, 65535, 0, 0];
    for (let at = 0; at < points2.length; at += 2) {
      left = Math.min(left, points2[at]);
      right = Math.max(right, points2[at]);
      top = Math.min(top, points2[at + 1]);
      bottom = Math.max(bottom, points2[at + 1]);
    }
    return [left, top, right, bottom];
  }
  function shareColour(share) {
    const [pale, dark] = [[214, 190, 120], [20, 60, 140]];
    return [0, 1, 2].map((part) => Math.round(pale[part] + share * (dark[part] - pale[part])));
  }

  // src/ui/points.ts
  var VERTEX = `#version 300 es
in vec2 place; in vec4 colour; uniform vec4 view; uniform float size; out vec4 shade;
void main() {
  shade = colour;
  gl_Position = vec4((place - view.xy) * view.zw, 0, 1);
  gl_PointSize = size;
}`;
  var FRAGMENT = `#version 300 es
precision mediump float; in vec4 shade; out vec4 colour;
void main() {
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  colour = vec4(shade.rgb * shade.a, shade.a);
}`;
  function makePainter(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: true, premultipliedAlpha: true });
    return gl ? byWebgl(gl) : byCanvas(canvas.getContext("2d"));
  }
  function byWebgl(gl) {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    let count2 = 0;
    const attribute = (name, size2, kind, normalised) => {
      const place2 = gl.getAttribLocation(program, name);
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place2);
      gl.vertexAttribPointer(place2, size2, kind, normalised, 0, 0);
      return (values) => {
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      };
    };
    const setPlaces = attribute("place", 2, gl.UNSIGNED_SHORT, false);
    const setColours = attribute("colour", 4, gl.UNSIGNED_BYTE, true);
    const [view2, pointSize] = [gl.getUniformLocation(program, "view"), gl.getUniformLocation(program, "size")];
    return {
      data(points2, colours2) {
        count2 = points2.length / 2;
        setPlaces(points2);
        setColours(colours2);
      },
      draw({ x: x3, y: y5, scale }, width, height, size2, ratio) {
        gl.viewport(0, 0, width * ratio, height * ratio);
        gl.clearColor(0, 0, 0, 0);
        gl.clear(gl.COLOR_BUFFER_BIT);
        gl.uniform4f(view2, x3, y5, 2 * scale / width, -2 * scale / height);
        gl.uniform1f(pointSize, size2 * ratio);
        gl.drawArrays(gl.POINTS, 0, count2);
      }
    };
  }
  function byCanvas(context) {
    let points2 = new Uint16Array();
    let colours2 = new Uint8Array();
    return {
      data(places4, shades) {
        points2 = places4;
        colours2 = shades;
      },
      draw({ x: x3, y: y5, scale }, width, height, size2, ratio) {
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.clearRect(0, 0, width, height);
        let last2 = -1;
        for (let row = 0; row < points2.length / 2; row++) {
          const [left, top] = [(points2[2 * row] - x3) * scale + width / 2, (points2[2 * row + 1] - y5) * scale + height / 2];
          if (left < -size2 || top < -size2 || left > width + size2 || top > height + size2) continue;
          const [r4, g5, b3, a5] = colours2.subarray(4 * row, 4 * row + 4);
          const code = ((r4 * 256 + g5) * 256 + b3) * 256 + a5;
          if (code !== last2) context.fillStyle = `rgb(${r4} ${g5} ${b3} / ${a5 / 255})`;
          last2 = code;
          context.fillRect(left - size2 / 2, top - size2 / 2, size2, size2);
        }
      }
    };
  }

  // src/views/picked.tsx
  var SHOWN2 = 60;
  function Picked() {
    const rows = [...selection.value];
    if (!rows.length) return null;
    const step2 = Math.max(1, rows.length / SHOWN2);
    const shown3 = Array.from({ length: Math.min(SHOWN2, rows.length) }, (_4, at) => rows[Math.floor(at * step2)]);
    return /* @__PURE__ */ a4("aside", { class: "picked", "aria-label": "Selected clips", children: [
      /* @__PURE__ */ a4("ul", { class: "strip", children: shown3.map((row, at) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4(Tile, { row, place: "picked", common: summary.value?.[clusterOf(row)]?.classes[0]?.[0] ?? -1, stop: at === 0 }) }, row)) }),
      rows.length > SHOWN2 && /* @__PURE__ */ a4("p", { class: "aside", children: [
        "and ",
        count(rows.length - SHOWN2),
        " more"
      ] })
    ] });
  }

  // src/views/mapgroups.tsx
  var NAMES = 60;
  var GREY = [140, 140, 140];
  var [COMMONEST, OTHER] = [[20, 90, 180], [220, 120, 0]];
  var COLOURINGS = { cluster: "cluster", class: "class", margin: "margin", right: "commonest class or not" };
  var available = Object.keys(COLOURINGS).filter((one) => classed || one !== "class" && one !== "right");
  var colouring = O(() => choice("colour", COLOURINGS, "cluster"));
  var only = O(() => setting("only") === "" ? -1 : Number(setting("only")));
  var classMembers = O(() => classes.value ? group(classes.value, null, run.classes.length) : null);
  var groups = O(() => {
    const byClass = colouring.value === "class";
    const known = byClass ? classMembers.value : members.value;
    const points2 = column("map");
    if (!known || !points2) return [];
    const centres = middles(points2, known.begins, known.order);
    const sizes = centres.map((_4, number2) => rowsOf(known, number2).length);
    const colours2 = spreadColours(centres, sizes);
    return centres.flatMap((centre, number2) => centre ? [{
      number: number2,
      centre,
      size: sizes[number2],
      colour: APART[colours2[number2]],
      name: byClass ? className(number2) : titleOf(number2)
    }] : []).sort((a5, b3) => b3.size - a5.size);
  });
  var colours = O(() => {
    const known = clusters.value;
    if (!known) return null;
    const made3 = new Uint8Array(4 * known.length);
    const chosen = only.value;
    const by = colouring.value;
    const common = summary.value?.map((one) => one.classes[0]?.[0] ?? -1) ?? [];
    const palette = new Map(groups.value.map((one) => [one.number, one.colour]));
    const [certain, kinds, picked] = [margins.value, classes.value, selection.value];
    for (let row = 0; row < known.length; row++) {
      const cluster = known[row];
      const others = chosen >= 0 && cluster !== chosen || picked.size > 0 && !picked.has(row);
      let colour = GREY;
      if (others) colour = GREY;
      else if (by === "cluster") colour = palette.get(cluster) ?? GREY;
      else if (by === "class" && kinds) colour = palette.get(kinds[row]) ?? GREY;
      else if (by === "margin" && certain) colour = shareColour(certain[row] / 255);
      else if (by === "right" && kinds && kinds[row] >= 0) colour = kinds[row] === common[cluster] ? COMMONEST : OTHER;
      made3.set(colour, 4 * row);
      made3[4 * row + 3] = others ? 40 : 210;
    }
    return made3;
  });
  function Names({ toScreen, width, height }) {
    const addressOfGroup = (number2) => colouring.value === "class" ? addressOf("overview", "", { class: String(number2) }) : addressOf("cluster", number2);
    const taken = [];
    const alone = only.value >= 0 && colouring.value !== "class";
    const named = alone ? groups.value.filter((one) => one.number === only.value) : groups.value.slice(0, NAMES);
    const shown3 = named.flatMap((one) => {
      const [left, top] = toScreen(...one.centre);
      const half = 4 * Math.min(24, one.name.length) + 8;
      if (left < 0 || top < 0 || left > width || top > height) return [];
      if (taken.some(([x3, y5, reach2]) => Math.abs(x3 - left) < reach2 + half && Math.abs(y5 - top) < 22)) return [];
      taken.push([left, top, half]);
      return [{ one, left: Math.max(half, Math.min(width - half, left)), top }];
    });
    return /* @__PURE__ */ a4("div", { class: "names", children: shown3.map(({ one, left, top }) => /* @__PURE__ */ a4("a", { href: addressOfGroup(one.number), style: { left: `${left}px`, top: `${top}px` }, children: one.name }, one.number)) });
  }
  var rgb = (colour) => `rgb(${colour.join(" ")})`;
  var Dot = ({ colour }) => /* @__PURE__ */ a4("span", { class: "dot", style: { background: rgb(colour) } });
  function Legend() {
    const by = colouring.value;
    if (by === "margin")
      return /* @__PURE__ */ a4("p", { class: "legend", children: [
        "margin 0% ",
        /* @__PURE__ */ a4("span", { class: "ramp", style: { background: `linear-gradient(to right, ${rgb(shareColour(0))}, ${rgb(shareColour(1))})` } }),
        " 100%"
      ] });
    if (by === "right")
      return /* @__PURE__ */ a4("p", { class: "legend", children: [
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4(Dot, { colour: COMMONEST }),
          "commonest class of the cluster"
        ] }),
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4(Dot, { colour: OTHER }),
          "other class"
        ] }),
        classes.value?.includes(-1) && /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4(Dot, { colour: GREY }),
          "no class"
        ] })
      ] });
    const [all, words2] = [groups.value, by === "class" ? "classes" : "clusters"];
    if (all.length <= APART.length)
      return /* @__PURE__ */ a4("ul", { class: "legend", children: all.map((one) => /* @__PURE__ */ a4("li", { children: [
        /* @__PURE__ */ a4(Dot, { colour: one.colour }),
        /* @__PURE__ */ a4("span", { class: "what", children: one.name }),
        " ",
        count(one.size)
      ] }, one.number)) });
    return /* @__PURE__ */ a4("p", { class: "legend", children: [
      APART.length,
      " colours: ",
      words2,
      " that are near to each other differ, those far apart may be the same"
    ] });
  }

  // src/views/map.tsx
  var SIDE = 65536;
  var CIRCLED = 100;
  var REACH = 12;
  var places3 = O(() => column("map"));
  var grid = O(() => places3.value ? new Grid(places3.value) : null);
  var reach = O(() => extent(places3.value ?? new Uint16Array()));
  function MapPage() {
    const ready = places3.value && colours.value && grid.value;
    const far = run.map;
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Map" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          "Each point is a clip, near to clips with like features",
          far && /* @__PURE__ */ a4($, { children: [
            " (",
            far.of,
            ", ",
            far.method === "umap" ? "UMAP" : "PCA",
            ")"
          ] }),
          ". Distances between groups and the sizes of groups say little. Point at a clip to see it, click to open it; drag to move, turn the wheel to zoom."
        ] })
      ] }),
      ready ? /* @__PURE__ */ a4(Plane, {}) : /* @__PURE__ */ a4(Loading, {})
    ] });
  }
  function whole2(width, height) {
    const [left, top, right, bottom] = reach.value;
    const scale = 0.88 * Math.min(width / Math.max(right - left, 1), height / Math.max(bottom - top, 1));
    return { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.min(scale, Math.max(width, height) / SIDE) };
  }
  var held = y3(null);
  function Plane() {
    const canvas = T2(null);
    const painter = T2(null);
    const [box, setBox] = d2({ width: 800, height: 520 });
    const camera = held.value;
    const setCamera = (next) => {
      held.value = next;
    };
    const [over, setOver] = d2(null);
    const [lasso, setLasso] = d2(false);
    const [line, setLine] = d2([]);
    const drag = T2(null);
    const view2 = camera ?? whole2(box.width, box.height);
    const shades = colours.value;
    const points2 = places3.value;
    F2(() => {
      const observer = new ResizeObserver(([entry]) => setBox({ width: Math.max(200, entry.contentRect.width), height: Math.max(200, entry.contentRect.height) }));
      observer.observe(canvas.current.parentElement);
      return () => observer.disconnect();
    }, []);
    const [restored, restore] = _2((times) => times + 1, 0);
    A2(() => {
      const element = canvas.current;
      const lost = (event) => event.preventDefault();
      const back = () => restore();
      element.addEventListener("webglcontextlost", lost);
      element.addEventListener("webglcontextrestored", back);
      return () => {
        element.removeEventListener("webglcontextlost", lost);
        element.removeEventListener("webglcontextrestored", back);
      };
    }, []);
    A2(() => {
      painter.current = makePainter(canvas.current);
    }, [restored]);
    A2(() => painter.current.data(points2, shades), [points2, shades, restored]);
    const ratio = Math.min(2, devicePixelRatio || 1);
    A2(() => {
      const size2 = Math.max(2.5, Math.min(8, 500 / Math.sqrt(run.clips))) * Math.min(2, Math.sqrt(view2.scale / whole2(box.width, box.height).scale));
      painter.current.draw(view2, box.width, box.height, size2, ratio);
    }, [view2.x, view2.y, view2.scale, box.width, box.height, points2, shades, restored]);
    const toPlane = (left, top) => [(left - box.width / 2) / view2.scale + view2.x, (top - box.height / 2) / view2.scale + view2.y];
    const toScreen = (x3, y5) => [(x3 - view2.x) * view2.scale + box.width / 2, (y5 - view2.y) * view2.scale + box.height / 2];
    const at = (event) => {
      const rectangle = canvas.current.getBoundingClientRect();
      return [event.clientX - rectangle.left, event.clientY - rectangle.top];
    };
    const zoom = (factor, [left, top] = [box.width / 2, box.height / 2]) => {
      const [x3, y5] = toPlane(left, top);
      const least = whole2(box.width, box.height).scale / 2;
      const scale = Math.max(least, Math.min(least * 2e3, view2.scale * factor));
      setCamera({ x: x3 - (left - box.width / 2) / scale, y: y5 - (top - box.height / 2) / scale, scale });
    };
    const pan = (dx, dy) => setCamera({ ...view2, x: view2.x - dx / view2.scale, y: view2.y - dy / view2.scale });
    const rowAt = (event) => {
      const [x3, y5] = toPlane(...at(event));
      return grid.value.nearest(x3, y5, REACH / view2.scale);
    };
    const down = (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      canvas.current.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, y: event.clientY, moved: false };
      if (lasso) setLine([toPlane(...at(event))]);
    };
    const moved = (event) => {
      if (!event.isPrimary) return;
      const from = drag.current;
      if (!from) {
        const row = rowAt(event);
        const [left, top] = at(event);
        setOver(row < 0 ? null : { row, left, top });
        return;
      }
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      setOver(null);
      if (lasso) setLine((before) => [...before, toPlane(...at(event))]);
      else pan(dx, dy);
    };
    const up = (event) => {
      const from = drag.current;
      drag.current = null;
      if (!from) return;
      if (lasso && from.moved) {
        selectAll(inside(points2, line).filter((row) => clusterOf(row) >= 0));
        setLine([]);
        setLasso(false);
      } else if (!from.moved) {
        const row = rowAt(event);
        if (row >= 0) openClip(idOf(row));
      }
    };
    const stop = () => {
      drag.current = null;
      setLine([]);
    };
    const keys2 = (event) => {
      const step2 = 60;
      const act2 = {
        ArrowLeft: () => pan(step2, 0),
        ArrowRight: () => pan(-step2, 0),
        ArrowUp: () => pan(0, step2),
        ArrowDown: () => pan(0, -step2),
        "+": () => zoom(1.4),
        "=": () => zoom(1.4),
        "-": () => zoom(1 / 1.4),
        "0": () => setCamera(null)
      };
      if (!act2[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act2[event.key]();
    };
    A2(() => {
      const element = canvas.current;
      const turn = (event) => {
        event.preventDefault();
        zoom(Math.exp(-event.deltaY * 15e-4), at(event));
      };
      element.addEventListener("wheel", turn, { passive: false });
      return () => element.removeEventListener("wheel", turn);
    });
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("div", { class: "toolbar", role: "group", "aria-label": "Map", children: [
        /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Colour by" }),
          /* @__PURE__ */ a4("select", { id: "colour", value: colouring.value, onChange: (event) => {
            const { value } = event.currentTarget;
            change({ colour: value === "cluster" ? null : value });
          }, children: available.map((one) => /* @__PURE__ */ a4("option", { value: one, children: COLOURINGS[one] }, one)) })
        ] }),
        /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Show" }),
          /* @__PURE__ */ a4("select", { id: "only", value: setting("only"), onChange: (event) => change({ only: event.currentTarget.value || null }), children: [
            /* @__PURE__ */ a4("option", { value: "", children: "all clusters" }),
            summary.value?.filter((one) => one.size).map((one) => /* @__PURE__ */ a4("option", { value: one.number, children: titleOf(one.number) }, one.number))
          ] })
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", "aria-pressed": lasso, onClick: () => setLasso(!lasso), children: [
          /* @__PURE__ */ a4(Icon, { name: "lasso" }),
          "Lasso"
        ] }),
        /* @__PURE__ */ a4(Legend, {})
      ] }),
      /* @__PURE__ */ a4("div", { class: selection.value.size ? "plane-and-clips beside" : "plane-and-clips", children: [
        /* @__PURE__ */ a4("div", { class: lasso ? "plane choosing" : "plane", children: [
          /* @__PURE__ */ a4(
            "canvas",
            {
              ref: canvas,
              width: Math.round(box.width * ratio),
              height: Math.round(box.height * ratio),
              tabIndex: 0,
              role: "img",
              "aria-label": `Map of ${count(run.clips)} clips in ${clusterCount.value} clusters. Arrows move it, plus and minus zoom. The page Clusters lists the same clips.`,
              onPointerDown: down,
              onPointerMove: moved,
              onPointerUp: up,
              onPointerCancel: stop,
              onPointerLeave: () => setOver(null),
              onKeyDown: keys2
            }
          ),
          /* @__PURE__ */ a4("svg", { class: "marks", "aria-hidden": "true", children: [
            line.length > 1 && /* @__PURE__ */ a4("path", { d: `M${line.map((one) => toScreen(...one).map(Math.round).join(" ")).join("L")}Z` }),
            selection.value.size <= CIRCLED && [...selection.value].map((row) => {
              const [left, top] = toScreen(points2[2 * row], points2[2 * row + 1]);
              return /* @__PURE__ */ a4("circle", { cx: left, cy: top, r: 6 }, row);
            })
          ] }),
          /* @__PURE__ */ a4(Names, { toScreen, width: box.width, height: box.height }),
          over && /* @__PURE__ */ a4(Card2, { row: over.row, left: over.left, top: over.top, box })
        ] }),
        /* @__PURE__ */ a4(Picked, {})
      ] }),
      /* @__PURE__ */ a4("div", { class: "zooms", role: "group", "aria-label": "Zoom", children: [
        /* @__PURE__ */ a4("output", { class: "status", role: "status", children: plural(run.clips, "clip") }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => zoom(1.6), children: [
          /* @__PURE__ */ a4(Icon, { name: "plus" }),
          "Zoom in"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => zoom(1 / 1.6), children: [
          /* @__PURE__ */ a4(Icon, { name: "minus" }),
          "Zoom out"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", disabled: !camera, onClick: () => setCamera(null), children: "Whole map" })
      ] })
    ] });
  }
  function Card2({ row, left, top, box }) {
    const margin = marginOf(row);
    const kind = classOf(row);
    const cluster = clusterOf(row);
    return /* @__PURE__ */ a4("div", { class: "hovered", style: { left: `${Math.min(left + 14, box.width - 196)}px`, top: `${Math.min(top + 14, box.height - 190)}px` }, children: [
      /* @__PURE__ */ a4("div", { class: "picture", style: { aspectRatio: run.media.aspect }, children: /* @__PURE__ */ a4(Still, { row, media: mediaOf(row) }) }),
      /* @__PURE__ */ a4("p", { children: cluster >= 0 ? titleOf(cluster) : "no cluster" }),
      kind >= 0 && /* @__PURE__ */ a4("p", { children: className(kind) }),
      margin !== null && /* @__PURE__ */ a4("p", { children: [
        "margin ",
        percent(margin)
      ] })
    ] });
  }

  // src/views/missing.tsx
  function MissingPage() {
    const all = run.missing.reduce((sum, one) => sum + one.count, 0);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Not shown" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          all === 1 ? "1 video or clip" : `${count(all)} videos or clips`,
          " without a cluster, and why."
        ] })
      ] }),
      /* @__PURE__ */ a4("table", { class: "plain reasons", children: [
        /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "col", children: "Reason" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Number" }),
          /* @__PURE__ */ a4("th", { scope: "col", children: "For example" })
        ] }) }),
        /* @__PURE__ */ a4("tbody", { children: run.missing.map((one) => /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "row", children: one.reason.replaceAll("_", " ") }),
          /* @__PURE__ */ a4("td", { class: "number", children: count(one.count) }),
          /* @__PURE__ */ a4("td", { children: /* @__PURE__ */ a4("ul", { children: one.examples.map((name) => /* @__PURE__ */ a4("li", { children: name }, name)) }) })
        ] }, one.reason)) })
      ] })
    ] });
  }

  // src/views/corrections.tsx
  var LISTED2 = 200;
  function CorrectionsPage() {
    const file2 = T2(null);
    const { names: names2, merged, made: made3, moved, tags } = edits.value;
    const numbers2 = (part) => Object.keys(part).map(Number);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Corrections" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          "Rename clusters, move clips, merge and split clusters: on a cluster’s page, “Select” chooses clips. All of it is kept in this browser. Save it as ",
          /* @__PURE__ */ a4("code", { children: "corrections.json" }),
          " to apply it: ",
          /* @__PURE__ */ a4("code", { children: [
            "selavi label ",
            /* @__PURE__ */ a4("span", { class: "whole", children: "--corrections" }),
            " corrections.json"
          ] }),
          ", or a run’s ",
          /* @__PURE__ */ a4("code", { children: "corrections" }),
          " in the configuration. Names alone are ",
          /* @__PURE__ */ a4("code", { children: "names.csv" }),
          "."
        ] })
      ] }),
      earlier.value && /* @__PURE__ */ a4("p", { class: "trouble", children: [
        "This browser keeps corrections of other clusters, which this page had before. Save them, and give the file to ",
        /* @__PURE__ */ a4("code", { children: [
          "selavi label ",
          /* @__PURE__ */ a4("span", { class: "whole", children: "--corrections" })
        ] }),
        " or the run’s ",
        /* @__PURE__ */ a4("code", { children: "corrections" }),
        ", which match the clusters.",
        " ",
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => saveText(earlier.value), children: [
          /* @__PURE__ */ a4(Icon, { name: "save" }),
          "Save earlier corrections"
        ] }),
        " ",
        /* @__PURE__ */ a4("button", { type: "button", onClick: forgetEarlier, children: [
          /* @__PURE__ */ a4(Icon, { name: "close" }),
          "Forget them"
        ] })
      ] }),
      /* @__PURE__ */ a4("div", { class: "toolbar", role: "group", "aria-label": "Corrections", children: [
        /* @__PURE__ */ a4("button", { type: "button", disabled: !canUndo.value, onClick: undo2, "aria-keyshortcuts": "Control+Z", children: [
          /* @__PURE__ */ a4(Icon, { name: "undo" }),
          "Undo"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", disabled: !canRedo.value, onClick: redo2, "aria-keyshortcuts": "Control+Shift+Z", children: [
          /* @__PURE__ */ a4(Icon, { name: "redo" }),
          "Redo"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", disabled: !edited.value, onClick: saveCorrections, children: [
          /* @__PURE__ */ a4(Icon, { name: "save" }),
          "Save corrections.json"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: saveNames, children: [
          /* @__PURE__ */ a4(Icon, { name: "save" }),
          "Save names.csv"
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", onClick: () => file2.current.click(), children: [
          /* @__PURE__ */ a4(Icon, { name: "open" }),
          "Open corrections.json"
        ] }),
        /* @__PURE__ */ a4(
          "input",
          {
            ref: file2,
            type: "file",
            hidden: true,
            accept: "application/json,.json",
            "aria-label": "Open corrections.json",
            onChange: async (event) => {
              const input = event.currentTarget;
              const chosen = input.files?.[0];
              if (chosen) openCorrections(await chosen.text());
              input.value = "";
            }
          }
        ),
        /* @__PURE__ */ a4("button", { type: "button", disabled: !edited.value, onClick: discard, children: [
          /* @__PURE__ */ a4(Icon, { name: "close" }),
          "Discard all"
        ] })
      ] }),
      !edited.value && /* @__PURE__ */ a4("p", { class: "nothing", children: "There are no corrections." }),
      /* @__PURE__ */ a4("ul", { class: "changes", children: [
        numbers2(names2).map((cluster) => /* @__PURE__ */ a4(Change, { back: () => renameCluster(cluster, run.names[cluster] ?? ""), children: [
          /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), children: [
            "Cluster ",
            cluster
          ] }),
          " ",
          names2[cluster] ? /* @__PURE__ */ a4($, { children: [
            "is called ",
            /* @__PURE__ */ a4("b", { children: names2[cluster] })
          ] }) : "has no name"
        ] }, `n${cluster}`)),
        numbers2(merged).map((cluster) => /* @__PURE__ */ a4(Change, { back: () => unmergeCluster(cluster), children: [
          "Cluster ",
          cluster,
          " is merged into ",
          /* @__PURE__ */ a4("a", { href: addressOf("cluster", merged[cluster]), children: titleOf(merged[cluster]) })
        ] }, `m${cluster}`)),
        numbers2(made3).map((cluster) => /* @__PURE__ */ a4(Change, { back: () => mergeClusters(cluster, mergedInto(made3[cluster])), children: [
          /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), children: titleOf(cluster) }),
          " is split off from ",
          titleOf(made3[cluster])
        ] }, `s${cluster}`)),
        [...moved].slice(0, LISTED2).map(([row, cluster]) => /* @__PURE__ */ a4(Change, { back: () => moveClips([row], merged[modelClusters.value[row]] ?? modelClusters.value[row]), children: [
          /* @__PURE__ */ a4(Clip, { row }),
          " is moved from ",
          titleOf(modelClusters.value[row]),
          " to",
          " ",
          cluster < 0 ? "no cluster" : /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), children: titleOf(cluster) })
        ] }, `c${row}`)),
        [...tags].slice(0, LISTED2).flatMap(([row, list]) => list.map((name) => /* @__PURE__ */ a4(Change, { back: () => tagClips([row], name, false), children: [
          /* @__PURE__ */ a4(Clip, { row }),
          " has the tag ",
          /* @__PURE__ */ a4("b", { children: name })
        ] }, `t${row} ${name}`)))
      ] }),
      moved.size > LISTED2 && /* @__PURE__ */ a4("p", { class: "aside", children: [
        "And ",
        plural(moved.size - LISTED2, "more clip"),
        " moved."
      ] }),
      tags.size > LISTED2 && /* @__PURE__ */ a4("p", { class: "aside", children: [
        "And ",
        plural(tags.size - LISTED2, "more clip"),
        " with tags."
      ] })
    ] });
  }
  function Clip({ row }) {
    return /* @__PURE__ */ a4("button", { type: "button", class: "link", onClick: () => openClip(idOf(row)), children: keyOf(row) || `clip ${row}` });
  }
  function Change({ back, children }) {
    return /* @__PURE__ */ a4("li", { children: [
      /* @__PURE__ */ a4("span", { children }),
      /* @__PURE__ */ a4("button", { type: "button", class: "quiet", onClick: back, children: [
        /* @__PURE__ */ a4(Icon, { name: "undo" }),
        "Take back"
      ] })
    ] });
  }

  // src/data/hungarian.ts
  function assign(gains, columns2) {
    const rows = gains.length;
    const size2 = Math.max(rows, columns2);
    const cost = (row, column2) => row < rows && column2 < columns2 ? -gains[row][column2] : 0;
    const u4 = new Float64Array(size2 + 1);
    const v4 = new Float64Array(size2 + 1);
    const taken = new Int32Array(size2 + 1);
    const way = new Int32Array(size2 + 1);
    for (let row = 1; row <= size2; row++) {
      taken[0] = row;
      let column2 = 0;
      const least = new Float64Array(size2 + 1).fill(Infinity);
      const used = new Uint8Array(size2 + 1);
      do {
        used[column2] = 1;
        const at = taken[column2];
        let delta = Infinity;
        let next = 0;
        for (let other = 1; other <= size2; other++) {
          if (used[other]) continue;
          const reduced = cost(at - 1, other - 1) - u4[at] - v4[other];
          if (reduced < least[other]) {
            least[other] = reduced;
            way[other] = column2;
          }
          if (least[other] < delta) {
            delta = least[other];
            next = other;
          }
        }
        for (let other = 0; other <= size2; other++) {
          if (used[other]) {
            u4[taken[other]] += delta;
            v4[other] -= delta;
          } else least[other] -= delta;
        }
        column2 = next;
      } while (taken[column2] !== 0);
      do {
        const before = way[column2];
        taken[column2] = taken[before];
        column2 = before;
      } while (column2);
    }
    const found2 = new Int32Array(rows).fill(-1);
    for (let column2 = 1; column2 <= columns2; column2++) {
      const row = taken[column2] - 1;
      if (row >= 0 && row < rows) found2[row] = column2 - 1;
    }
    return found2;
  }

  // src/data/confusion.ts
  function confusion(clusters2, classes2, count2, kinds) {
    const counts = Array.from({ length: count2 }, () => new Float64Array(kinds));
    const [ofCluster, ofClass] = [new Float64Array(count2), new Float64Array(kinds)];
    let most = 0;
    for (let row = 0; row < clusters2.length; row++) {
      const cluster = clusters2[row];
      const kind = classes2[row];
      if (cluster < 0 || kind < 0) continue;
      most = Math.max(most, ++counts[cluster][kind]);
      ofCluster[cluster]++;
      ofClass[kind]++;
    }
    const matched = assign(counts, kinds);
    const commonest = counts.map((of2) => of2.indexOf(Math.max(...of2)));
    const key2 = (cluster) => matched[cluster] >= 0 ? matched[cluster] : commonest[cluster] + 0.5;
    const order2 = [...counts.keys()].sort((a5, b3) => key2(a5) - key2(b3) || a5 - b3);
    return { clusters: order2, classes: [...Array(kinds).keys()], counts, ofCluster, ofClass, most };
  }
  var MEASURES = {
    cluster: "share of the cluster",
    class: "share of the class",
    clips: "number of clips"
  };
  function shade(table2, cluster, kind, by) {
    const clips = table2.counts[cluster][kind];
    const whole3 = { cluster: table2.ofCluster[cluster], class: table2.ofClass[kind], clips: table2.most }[by];
    return clips ? clips / whole3 : 0;
  }
  function mixtures(table2) {
    const found2 = [];
    table2.counts.forEach((of2, cluster) => {
      const commonest = of2.indexOf(Math.max(...of2));
      of2.forEach((clips, kind) => {
        if (clips && kind !== commonest) found2.push({ cluster, kind, clips, commonest });
      });
    });
    return found2.sort((a5, b3) => b3.clips - a5.clips || a5.cluster - b3.cluster || a5.kind - b3.kind);
  }

  // src/ui/table.tsx
  function Table({ label, children }) {
    return /* @__PURE__ */ a4("div", { class: "scrolls", role: "region", "aria-label": label, tabIndex: 0, children: /* @__PURE__ */ a4("table", { class: "plain", children }) });
  }

  // src/views/matrix.tsx
  var LABELLED = 40;
  var WIDE = 34;
  var WHOLE = 1100;
  function Matrix({ table: table2, by }) {
    const canvas = T2(null);
    const [pointed, setAt] = d2(null);
    const [rows, columns2] = [table2.clusters.length, table2.classes.length];
    const at = pointed && pointed[0] < rows ? pointed : null;
    const labelled = Math.max(rows, columns2) <= LABELLED;
    const side = labelled ? WIDE : Math.max(3, Math.min(16, Math.floor(WHOLE / Math.max(rows, columns2))));
    A2(() => {
      const draw = () => paint(canvas.current, table2, by, side, labelled);
      draw();
      const dark = matchMedia("(prefers-color-scheme: dark)");
      dark.addEventListener("change", draw);
      return () => dark.removeEventListener("change", draw);
    }, [table2, by, side]);
    const bounded = (row, column2) => [Math.min(rows - 1, Math.max(0, row)), Math.min(columns2 - 1, Math.max(0, column2))];
    const placeOf = (event) => {
      const box = canvas.current.getBoundingClientRect();
      return bounded(Math.floor((event.clientY - box.top) / box.height * rows), Math.floor((event.clientX - box.left) / box.width * columns2));
    };
    const open2 = ([row, column2]) => {
      const [cluster, kind] = [table2.clusters[row], table2.classes[column2]];
      if (table2.counts[cluster][kind]) go(addressOf("cluster", cluster, { class: String(kind) }));
    };
    const press = (event) => {
      const [row, column2] = at ?? [0, 0];
      if (event.key === "Enter") {
        if (at) open2(at);
        return;
      }
      const to = {
        ArrowUp: [row - 1, column2],
        ArrowDown: [row + 1, column2],
        ArrowLeft: [row, column2 - 1],
        ArrowRight: [row, column2 + 1],
        Home: [row, 0],
        End: [row, columns2 - 1]
      }[event.key];
      if (!to) return;
      event.preventDefault();
      setAt(at ? bounded(...to) : [0, 0]);
    };
    return /* @__PURE__ */ a4("figure", { class: "matrix", children: [
      /* @__PURE__ */ a4("figcaption", { id: "cell-words", "aria-live": "polite", children: at ? wordsOf(table2, at) : "Point at a cell to read it, or use the arrow keys; a click or Enter shows its clips." }),
      /* @__PURE__ */ a4("div", { class: "scrolls", children: /* @__PURE__ */ a4("div", { class: "cells", style: { gridTemplateColumns: `auto ${side * columns2}px` }, children: [
        labelled && /* @__PURE__ */ a4("ul", { class: "top", "aria-hidden": "true", style: { gridAutoColumns: `${side}px` }, children: table2.classes.map((place2) => /* @__PURE__ */ a4("li", { title: className(place2), children: className(place2) }, place2)) }),
        labelled && /* @__PURE__ */ a4("ul", { class: "left", "aria-label": "Clusters", style: { gridAutoRows: `${side}px` }, children: table2.clusters.map((cluster) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), title: titleOf(cluster), children: titleOf(cluster) }) }, cluster)) }),
        /* @__PURE__ */ a4("div", { class: "drawn", children: [
          /* @__PURE__ */ a4(
            "canvas",
            {
              ref: canvas,
              style: { width: `${side * columns2}px`, height: `${side * rows}px` },
              role: "application",
              "aria-roledescription": "table",
              tabIndex: 0,
              "aria-describedby": "cell-words",
              "aria-label": "Clusters against classes. Arrow keys go from cell to cell, Enter shows the clips of a cell. The mixtures are listed below, too.",
              onPointerMove: (event) => setAt(placeOf(event)),
              onPointerLeave: () => setAt(null),
              onBlur: () => setAt(null),
              onKeyDown: press,
              onClick: (event) => open2(placeOf(event))
            }
          ),
          at && /* @__PURE__ */ a4("i", { class: "cursor", style: { left: `${at[1] * side}px`, top: `${at[0] * side}px`, width: `${side}px`, height: `${side}px` } })
        ] })
      ] }) }),
      !labelled && /* @__PURE__ */ a4("p", { class: "aside", children: [
        "Rows: ",
        plural(rows, "cluster"),
        ". Columns: ",
        plural(columns2, "class", "es"),
        ", from ",
        className(0),
        " to ",
        className(columns2 - 1),
        "."
      ] })
    ] });
  }
  function wordsOf(table2, [row, column2]) {
    const [cluster, kind] = [table2.clusters[row], table2.classes[column2]];
    const clips = table2.counts[cluster][kind];
    const whose = `${titleOf(cluster)} and ${className(kind)}: ${plural(clips, "clip")}`;
    if (!clips) return whose;
    return `${whose}, ${percent(clips / table2.ofCluster[cluster])} of the cluster, ${percent(clips / table2.ofClass[kind])} of the class`;
  }
  function paint(canvas, table2, by, side, numbered2) {
    const { clusters: clusters2, classes: classes2, counts } = table2;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(side * classes2.length * scale);
    canvas.height = Math.round(side * clusters2.length * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [ink, light, strong] = [colour("--ink"), colour("--on-accent"), colour("--accent")];
    context.fillStyle = colour("--sheet");
    context.fillRect(0, 0, side * classes2.length, side * clusters2.length);
    context.font = `11px ${style.getPropertyValue("--font")}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const gap = side > 6 ? 1 : 0;
    const turn = matchMedia("(prefers-color-scheme: dark)").matches ? 0.55 : 0.78;
    clusters2.forEach((cluster, row) => {
      classes2.forEach((kind, column2) => {
        const clips = counts[cluster][kind];
        if (!clips) return;
        const depth2 = 0.1 + 0.9 * Math.sqrt(shade(table2, cluster, kind, by));
        context.globalAlpha = depth2;
        context.fillStyle = strong;
        context.fillRect(column2 * side, row * side, side - gap, side - gap);
        if (!numbered2) return;
        context.globalAlpha = 1;
        context.fillStyle = depth2 > turn ? light : ink;
        context.fillText(clips < 1e4 ? String(clips) : `${Math.round(clips / 1e3)}k`, (column2 + 0.5) * side, (row + 0.5) * side);
      });
    });
  }

  // src/views/confusion.tsx
  var shown2 = O(() => {
    const [known, kinds] = [clusters.value, classes.value];
    return known && kinds ? confusion(known, kinds, clusterCount.value, run.classes.length) : null;
  });
  function ConfusionPage() {
    const table2 = shown2.value;
    const by = choice("by", MEASURES, "cluster");
    if (!table2) return /* @__PURE__ */ a4(Loading, {});
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Clusters and classes" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: "Each row is a cluster, each column a class, and the stronger a cell, the more clips they share. Clusters are in the order of the classes that they match best, one to one (Hungarian method), so a clear diagonal is good. Classes were not used in training." })
      ] }),
      /* @__PURE__ */ a4("div", { class: "toolbar", role: "group", "aria-label": "Cells", children: [
        /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Cells show" }),
          /* @__PURE__ */ a4("select", { id: "by", value: by, onChange: (event) => change({ by: event.currentTarget.value === "cluster" ? null : event.currentTarget.value }), children: Object.keys(MEASURES).map((one) => /* @__PURE__ */ a4("option", { value: one, children: MEASURES[one] }, one)) })
        ] }),
        /* @__PURE__ */ a4(Scale, { by, most: table2.most })
      ] }),
      /* @__PURE__ */ a4(Matrix, { table: table2, by }),
      /* @__PURE__ */ a4(Mixed, { table: table2 })
    ] });
  }
  function Scale({ by, most }) {
    const end = by === "clips" ? count(most) : "100%";
    return /* @__PURE__ */ a4("span", { class: "scale", role: "img", "aria-label": `Cells from 0 to ${end}, ${MEASURES[by]}`, children: [
      /* @__PURE__ */ a4("span", { children: "0" }),
      /* @__PURE__ */ a4("i", {}),
      /* @__PURE__ */ a4("span", { children: end })
    ] });
  }
  var FEW = 20;
  function Mixed({ table: table2 }) {
    const [whole3, setWhole] = d2(false);
    const all = mixtures(table2);
    if (!all.length) return /* @__PURE__ */ a4("p", { class: "aside", children: "Every cluster has clips of one class alone." });
    const listed2 = whole3 ? all.slice(0, 1e3) : all.slice(0, FEW);
    return /* @__PURE__ */ a4("section", { "aria-labelledby": "mixed-title", children: [
      /* @__PURE__ */ a4("h2", { id: "mixed-title", children: "The largest mixtures" }),
      /* @__PURE__ */ a4(Table, { label: "Mixtures", children: [
        /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "col", children: "Cluster" }),
          /* @__PURE__ */ a4("th", { scope: "col", children: "Mostly" }),
          /* @__PURE__ */ a4("th", { scope: "col", children: "But also" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Clips" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Share" })
        ] }) }),
        /* @__PURE__ */ a4("tbody", { children: listed2.map(({ cluster, kind, clips, commonest }) => /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "row", children: /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster), children: titleOf(cluster) }) }),
          /* @__PURE__ */ a4("td", { children: className(commonest) }),
          /* @__PURE__ */ a4("td", { children: /* @__PURE__ */ a4("a", { href: addressOf("cluster", cluster, { class: String(kind) }), children: className(kind) }) }),
          /* @__PURE__ */ a4("td", { class: "number", children: count(clips) }),
          /* @__PURE__ */ a4("td", { class: "number", children: percent(clips / table2.ofCluster[cluster]) })
        ] }, `${cluster}-${kind}`)) })
      ] }),
      all.length > FEW && /* @__PURE__ */ a4("button", { type: "button", class: "quiet", "aria-expanded": whole3, onClick: () => setWhole(!whole3), children: whole3 ? "Show fewer" : `Show ${count(Math.min(1e3, all.length) - FEW)} more of ${count(all.length)}` })
    ] });
  }

  // src/data/quality.ts
  var METHODS = {
    "k-means raw": "k-means on the clips as they are",
    "k-means untrained": "k-means on an untrained network's features",
    "k-means trained": "k-means on this network's features",
    "k-means supervised": "k-means on features of a supervised network"
  };
  var wordsOf2 = ({ method }) => METHODS[method] ?? method.replace(/^k-means /, "k-means on ");
  var splitsOf = (run2) => [...new Set((run2.scores ?? []).map((one) => one.split ?? ""))];
  var of = (run2, split3, view2) => (run2.scores ?? []).filter((one) => (one.split ?? "") === split3 && one.modality === view2.modality);
  function scoreOf(run2, split3, view2) {
    const found2 = of(run2, split3, view2);
    const selected2 = found2.find((one) => one.choice === "agreement");
    if (view2.head === null || selected2?.head === String(view2.head)) return selected2;
    return found2.find((one) => one.choice === "head" && one.head === String(view2.head));
  }
  var optional = (one) => ({
    ...one.nmi_low !== void 0 && one.nmi_high !== void 0 ? { low: one.nmi_low, high: one.nmi_high } : {},
    ...one.accuracy !== void 0 ? { accuracy: one.accuracy } : {}
  });
  function compare(run2, split3, view2) {
    const ours = scoreOf(run2, split3, view2);
    const found2 = [];
    const heads = of(run2, split3, view2);
    const selected2 = heads.find((one) => one.choice === "agreement");
    if (ours) {
      const own = ours === selected2;
      found2.push({ words: own ? "These clusters" : `Head ${view2.head}, which you look at`, honest: own ? true : null, kind: "ours", nmi: ours.nmi, ...optional(ours) });
      if (selected2 && !own)
        found2.push({ words: `Head ${selected2.head}, selected without classes`, honest: true, kind: "other", nmi: selected2.nmi, ...optional(selected2) });
    }
    const after = ours && ours === selected2 ? run2.corrected?.find((one) => one.split === split3) : void 0;
    if (after)
      found2.push({ words: `After corrections: ${plural(after.changed, "clip")} changed`, honest: null, kind: "person", nmi: after.nmi, ...optional(after) });
    const best = heads.find((one) => one.choice === "oracle");
    if (best && best.head !== ours?.head && best.head !== selected2?.head)
      found2.push({ words: `Head ${best.head}, the best (oracle)`, honest: false, kind: "oracle", nmi: best.nmi, ...optional(best) });
    const others = (run2.baselines ?? []).filter((one) => (one.split ?? "") === split3 && typeof one.nmi === "number");
    for (const one of others) {
      if (one.method === "chance" || one.modality !== view2.modality) continue;
      const oracle = one.choice === "oracle";
      found2.push({
        words: wordsOf2(one) + (oracle ? " (oracle)" : ""),
        honest: oracle ? false : one.choice ? true : null,
        kind: oracle ? "oracle" : "other",
        nmi: one.nmi,
        ...optional(one)
      });
    }
    const chance = selected2?.nmi_chance ?? others.find((one) => one.method === "chance")?.nmi;
    if (chance !== void 0) {
      const [clips, classes2] = [selected2?.clips ?? run2.clips, selected2?.classes ?? run2.classes.length];
      found2.push({
        words: `Chance: ${count(clips)} clips, ${count(view2.clusters)} clusters, ${count(classes2)} classes`,
        honest: null,
        kind: "chance",
        nmi: chance,
        ...selected2?.accuracy_chance !== void 0 ? { accuracy: selected2.accuracy_chance } : {}
      });
    }
    return found2.sort((a5, b3) => b3.nmi - a5.nmi);
  }
  function verdict(rows) {
    const ours = rows.find((one) => one.kind === "ours");
    const best = rows.find((one) => one.kind === "other" && !one.words.startsWith("Head "));
    if (!ours || !best) return null;
    const within2 = ours.low !== void 0 && best.nmi >= ours.low && best.nmi <= ours.high;
    const how = within2 ? "no clear difference" : best.nmi > ours.nmi ? "better than these clusters" : "worse than these clusters";
    return `The best other method is ${best.words}, with an NMI of ${percent(best.nmi)}: ${how}.`;
  }
  function sameByChance(first, second, clusters2) {
    const [a5, b3] = [new Float64Array(clusters2), new Float64Array(clusters2)];
    let both = 0;
    first.forEach((cluster, row) => {
      if (cluster < 0 || second[row] < 0) return;
      a5[cluster]++;
      b3[second[row]]++;
      both++;
    });
    return both ? a5.reduce((sum, clips, cluster) => sum + clips * b3[cluster], 0) / both ** 2 : null;
  }

  // src/ui/chart.tsx
  function ticks(most, whole3 = false) {
    if (!(most > 0)) return [0, 1];
    const rough = most / 4;
    const unit = 10 ** Math.floor(Math.log10(rough));
    let step2 = [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= rough);
    if (whole3) step2 = Math.max(1, Math.round(step2));
    const count2 = Math.ceil(most / step2 - 1e-9);
    return Array.from({ length: count2 + 1 }, (_4, at) => Number((at * step2).toPrecision(12)));
  }
  var WIDEST = 860;
  var MARGIN = { right: 12, top: 12, bottom: 40 };
  var [AXIS, BARE] = [56, 8];
  function Plot({ label, x: x3, y: y5, height = 260, wide = false, children }) {
    const element = T2(null);
    const [width, setWidth] = d2(640);
    F2(() => {
      const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.round(entry.contentRect.width))));
      observer.observe(element.current);
      return () => observer.disconnect();
    }, []);
    const margin = y5.ticks.length ? AXIS : BARE;
    const across = (value) => margin + (value - x3.from) / (x3.to - x3.from || 1) * (width - margin - MARGIN.right);
    const up = (value) => height - MARGIN.bottom - value / (y5.to || 1) * (height - MARGIN.top - MARGIN.bottom);
    const format2 = y5.format ?? String;
    return /* @__PURE__ */ a4("svg", { ref: element, class: "plot", height, style: wide ? {} : { maxWidth: `${WIDEST}px` }, role: "img", "aria-label": label, children: [
      y5.ticks.map((tick) => /* @__PURE__ */ a4("g", { children: [
        /* @__PURE__ */ a4("line", { class: "grid", x1: margin, x2: width - MARGIN.right, y1: up(tick), y2: up(tick) }),
        /* @__PURE__ */ a4("text", { x: margin - 6, y: up(tick) + 4, "text-anchor": "end", children: format2(tick) })
      ] }, tick)),
      x3.ticks.map((tick) => /* @__PURE__ */ a4("text", { x: across(tick), y: height - MARGIN.bottom + 16, "text-anchor": "middle", children: (x3.format ?? String)(tick) }, tick)),
      /* @__PURE__ */ a4("text", { x: (margin + width - MARGIN.right) / 2, y: height - 6, "text-anchor": "middle", children: x3.name }),
      /* @__PURE__ */ a4("text", { transform: `translate(12 ${(height - MARGIN.bottom) / 2}) rotate(-90)`, "text-anchor": "middle", children: y5.name }),
      children(across, up)
    ] });
  }
  function pathOf2(points2) {
    return points2.map(([x3, y5], at) => `${at ? "L" : "M"}${x3.toFixed(1)} ${y5.toFixed(1)}`).join("");
  }

  // src/views/heads.tsx
  function HeadsTable({ split: split3, shown: shown3 }) {
    const { modality } = run.views[shown3];
    const heads = (run.agreement?.heads ?? []).filter((one) => run.views[one.view].modality === modality);
    if (heads.length < 2) return null;
    const scores = heads.map((one) => scoreOf(run, split3, run.views[one.view]));
    const scored = scores.some((one) => one !== void 0);
    const several = new Set(heads.map((one) => run.views[one.view].clusters)).size > 1;
    const selected2 = run.views[run.selected].head;
    return /* @__PURE__ */ a4("details", { children: [
      /* @__PURE__ */ a4("summary", { children: [
        plural(heads.length, "head"),
        ": how far each agrees with the others, and which is selected"
      ] }),
      /* @__PURE__ */ a4(Table, { label: "Heads", children: [
        /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "col", children: "Head" }),
          several && /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Clusters" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Agreement (NMI)" }),
          scored && /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "NMI with the classes" })
        ] }) }),
        /* @__PURE__ */ a4("tbody", { children: heads.map((one, at) => {
          const { head, clusters: clusters2 } = run.views[one.view];
          return /* @__PURE__ */ a4("tr", { children: [
            /* @__PURE__ */ a4("th", { scope: "row", children: [
              /* @__PURE__ */ a4("a", { href: addressOf(page.value, "", { split: setting("split"), head: head === selected2 ? "" : String(head) }), children: [
                "Head ",
                head
              ] }),
              head === selected2 && " (selected)",
              one.view === shown3 && ", shown"
            ] }),
            several && /* @__PURE__ */ a4("td", { class: "number", children: clusters2 }),
            /* @__PURE__ */ a4("td", { class: "number", children: percent(one.nmi) }),
            scored && /* @__PURE__ */ a4("td", { class: "number", children: scores[at] ? percent(scores[at].nmi) : "" })
          ] }, one.view);
        }) })
      ] }),
      /* @__PURE__ */ a4("p", { class: "aside", children: "The head that agrees best with the others by video and audio together is selected at the end of the training, by the labels of the training. Its agreement here is that of the clusters on this page." })
    ] });
  }

  // src/views/quality.tsx
  var splits = splitsOf(run);
  var split2 = O(() => splits.includes(setting("split")) ? setting("split") : splits[0] ?? "");
  var score = O(() => scoreOf(run, split2.value, view.value));
  function QualityPage() {
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "How good is this?" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: score.value ? "Beside classes that people gave, beside chance and other methods; then what can be said without classes." : classed ? "This page has no scores of the clusters with the classes. What can be said without them:" : "These clips have no classes to compare the clusters with. What can be said without them:" })
      ] }),
      score.value && /* @__PURE__ */ a4(Scored, {}),
      /* @__PURE__ */ a4(Unscored, {})
    ] });
  }
  function Scored() {
    const ours = score.value;
    const all = compare(run, split2.value, view.value);
    const judged = verdict(all);
    const { nmi_chance: chance } = ours;
    return /* @__PURE__ */ a4("section", { class: "panel", "aria-labelledby": "classes-say", children: [
      /* @__PURE__ */ a4("div", { class: "panel-head", children: [
        /* @__PURE__ */ a4("h2", { id: "classes-say", children: "Against the classes" }),
        splits.length > 1 && /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Clips" }),
          /* @__PURE__ */ a4("select", { id: "split", value: split2.value, onChange: (event) => change({ split: event.currentTarget.value === splits[0] ? null : event.currentTarget.value }), children: splits.map((one) => /* @__PURE__ */ a4("option", { value: one, children: [
            one,
            one === "train" ? " (trained on)" : ""
          ] }, one)) })
        ] })
      ] }),
      /* @__PURE__ */ a4("p", { class: "statement", children: [
        ours.accuracy !== void 0 && /* @__PURE__ */ a4($, { children: [
          "If each cluster is given the one class that fits best, ",
          /* @__PURE__ */ a4("b", { children: percent(ours.accuracy) }),
          " of the clips are right",
          ours.accuracy_chance !== void 0 && /* @__PURE__ */ a4($, { children: [
            "; by chance it would be ",
            percent(ours.accuracy_chance)
          ] }),
          ". "
        ] }),
        "The clusters and the classes share ",
        /* @__PURE__ */ a4("b", { children: percent(ours.nmi) }),
        " of their information (NMI)",
        ours.nmi_low !== void 0 && ours.nmi_high !== void 0 && /* @__PURE__ */ a4($, { children: [
          ", ",
          percent(ours.nmi_low),
          " to ",
          percent(ours.nmi_high),
          " in 95% of resamplings of the clips"
        ] }),
        chance !== void 0 && /* @__PURE__ */ a4($, { children: [
          "; by chance ",
          percent(chance)
        ] }),
        "."
      ] }),
      isSelected.value && corrected.value && /* @__PURE__ */ a4("p", { children: "These scores are of the model's clusters, without the corrections on this page." }),
      judged && /* @__PURE__ */ a4("p", { children: judged }),
      /* @__PURE__ */ a4(Rows, { all }),
      /* @__PURE__ */ a4(Table, { label: "Scores", children: [
        /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "col", children: "Clusters" }),
          /* @__PURE__ */ a4("th", { scope: "col", children: "Chosen" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Accuracy" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "NMI" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "95% interval" })
        ] }) }),
        /* @__PURE__ */ a4("tbody", { children: all.map((one) => /* @__PURE__ */ a4("tr", { class: one.kind, children: [
          /* @__PURE__ */ a4("th", { scope: "row", children: one.words }),
          /* @__PURE__ */ a4("td", { children: one.kind === "person" ? "by a person" : one.honest === null ? "" : one.honest ? "without classes" : "by the classes" }),
          /* @__PURE__ */ a4("td", { class: "number", children: one.accuracy === void 0 ? "" : percent(one.accuracy) }),
          /* @__PURE__ */ a4("td", { class: "number", children: percent(one.nmi) }),
          /* @__PURE__ */ a4("td", { class: "number", children: one.low === void 0 ? "" : `${percent(one.low)} to ${percent(one.high)}` })
        ] }, one.words)) })
      ] }),
      /* @__PURE__ */ a4("p", { class: "aside", children: [
        "What is chosen by looking at the classes is called oracle: it shows what would be possible, and cannot be had without classes.",
        all.some((one) => one.kind === "person") && " A person who corrects clusters may look at the classes, too.",
        " ",
        "Classes were not used in training, and need not be what a person looks for: clusters of another kind can be as good."
      ] })
    ] });
  }
  function Rows({ all }) {
    const marks = ticks(Math.min(1, Math.max(...all.map((one) => one.high ?? one.nmi))));
    return /* @__PURE__ */ a4("figure", { class: "chart dots", children: [
      /* @__PURE__ */ a4(
        Plot,
        {
          label: all.map((one) => `${one.words}: NMI ${percent(one.nmi)}`).join("; "),
          x: { name: "NMI with the classes", ticks: marks, from: 0, to: marks.at(-1) },
          y: { name: "", ticks: [], to: all.length },
          height: 60 + 42 * all.length,
          children: (x3, y5) => all.map((one, at) => {
            const place2 = y5(all.length - at - 0.75);
            return /* @__PURE__ */ a4("g", { class: one.kind, children: [
              /* @__PURE__ */ a4("line", { class: "grid", x1: x3(0), x2: x3(marks.at(-1)), y1: place2, y2: place2 }),
              one.low !== void 0 && /* @__PURE__ */ a4("line", { class: "interval", x1: x3(one.low), x2: x3(one.high), y1: place2, y2: place2 }),
              one.kind === "person" ? /* @__PURE__ */ a4("rect", { class: "dot hollow", x: x3(one.nmi) - 5, y: place2 - 5, width: "10", height: "10" }) : /* @__PURE__ */ a4("circle", { class: one.kind === "oracle" ? "dot hollow" : "dot", cx: x3(one.nmi), cy: place2, r: one.kind === "ours" ? 7 : 5 }),
              /* @__PURE__ */ a4("text", { x: x3(0), y: place2 - 9, children: one.words })
            ] }, one.words);
          })
        }
      ),
      /* @__PURE__ */ a4("p", { class: "legend", children: [
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("svg", { class: "plot mark", width: "16", height: "12", "aria-hidden": "true", children: /* @__PURE__ */ a4("circle", { class: "dot", cx: "8", cy: "6", r: "5" }) }),
          " without classes"
        ] }),
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("svg", { class: "plot mark", width: "16", height: "12", "aria-hidden": "true", children: /* @__PURE__ */ a4("circle", { class: "dot hollow", cx: "8", cy: "6", r: "4" }) }),
          " by the classes (oracle)"
        ] }),
        all.some((one) => one.kind === "person") && /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("svg", { class: "plot mark", width: "16", height: "12", "aria-hidden": "true", children: /* @__PURE__ */ a4("rect", { class: "dot hollow", x: "4", y: "2", width: "8", height: "8" }) }),
          " by a person"
        ] }),
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("svg", { class: "plot mark", width: "24", height: "12", "aria-hidden": "true", children: /* @__PURE__ */ a4("line", { class: "interval", x1: "2", x2: "22", y1: "6", y2: "6" }) }),
          " 95% interval"
        ] })
      ] })
    ] });
  }
  var said = O(() => {
    const all = summary.value;
    if (!all) return null;
    const clips = all.reduce((sum, one) => sum + one.size, 0);
    const mean2 = (of2) => all.reduce((sum, one) => sum + (of2(one) ?? 0) * one.size, 0) / clips;
    const [video, audio] = [byVideo.value, byAudio.value];
    return {
      heads: isSelected.value && headShares.value ? mean2((one) => one.heads) : null,
      modalities: video && audio ? shareSame(video, audio, video.keys()) : null,
      byChance: video && audio ? sameByChance(video, audio, clusterCount.value) : null,
      margin: all.some((one) => one.margin !== null) ? mean2((one) => one.margin) : null
    };
  });
  function Unscored() {
    const known = said.value;
    if (!known) return /* @__PURE__ */ a4(Loading, {});
    const changed = run.curves?.labels_changed?.filter((one) => typeof one === "number").at(-1);
    const facts = [];
    if (known.heads !== null) facts.push({
      name: "Heads agree",
      value: known.heads,
      chance: run.agreement?.chance,
      words: "Share of the other heads that put a clip into the same cluster, mean of all clips. Heads start from other labels; where they agree, the cluster does not depend on the start."
    });
    const own = run.agreement?.heads?.find((one) => one.view === viewNumber.value);
    if (known.heads === null && own) facts.push({
      name: "Heads agree (NMI)",
      value: own.nmi,
      words: "Mean NMI of these clusters with those of the other heads, by the same modality and with as many clusters. Heads start from other labels; where they agree, the cluster does not depend on the start."
    });
    else if (known.heads === null && isSelected.value && run.model?.agreement !== void 0) facts.push({
      name: "Heads agreed in training",
      value: run.model.agreement,
      words: `Mean NMI of the clusters with those of the model's other heads, on ${run.model.clips === void 0 ? "the clips" : `the ${plural(run.model.clips, "clip")}`} it was trained on. Heads start from other labels; where they agree, clusters do not depend on the start.`
    });
    const seeds = isSelected.value ? run.agreement?.seeds : void 0;
    if (seeds) facts.push({
      name: "Seeds agree",
      value: seeds.share,
      chance: seeds.chance,
      words: `Share of the clips that a training with another seed put into the same cluster${seeds.clusters.length > 1 ? `, mean of ${seeds.clusters.length} trainings; the lowest is ${percent(seeds.lowest)}` : ""}. ${seeds.clusters.some((one) => one !== view.value.clusters) ? `These have ${seeds.clusters.join(", ")} clusters. ` : ""}Where trainings agree, clusters do not depend on the seed.`
    });
    if (known.modalities !== null) facts.push({
      name: "Video and audio agree",
      value: known.modalities,
      chance: known.byChance,
      words: "Share of the clips that video alone and audio alone put into the same cluster. Where they differ, one of them is mistaken, or says nothing of the clip."
    });
    if (typeof changed === "number") facts.push({
      name: "Labels stable at the end",
      value: 1 - changed,
      words: "Share of the clips that kept their label at the last label update of the training. Low: train longer."
    });
    if (known.margin !== null) facts.push({
      name: "Margin",
      value: known.margin,
      words: "Probability of a clip's cluster minus that of the next one, mean of all clips. Networks are often too sure: high says little, low much."
    });
    if (!facts.length) return null;
    return /* @__PURE__ */ a4("section", { class: "panel", "aria-labelledby": "without-classes", children: [
      /* @__PURE__ */ a4("h2", { id: "without-classes", children: "Without classes" }),
      /* @__PURE__ */ a4("p", { children: "These figures need no classes. They show how stable the clusters are, and not that they are what a person looks for: watch and listen." }),
      /* @__PURE__ */ a4("dl", { class: "figures", children: facts.map(({ name, value, chance, words: words2 }) => /* @__PURE__ */ a4("div", { children: [
        /* @__PURE__ */ a4("dt", { children: name }),
        /* @__PURE__ */ a4("dd", { children: [
          /* @__PURE__ */ a4("b", { children: percent(value) }),
          /* @__PURE__ */ a4("span", { class: "track wide", "aria-hidden": "true", children: [
            /* @__PURE__ */ a4("span", { style: { width: `${100 * value}%` } }),
            typeof chance === "number" && /* @__PURE__ */ a4("i", { class: "tick", style: { insetInlineStart: `${100 * chance}%` } })
          ] }),
          typeof chance === "number" && /* @__PURE__ */ a4("p", { class: "by-chance", children: [
            "By chance: ",
            percent(chance)
          ] }),
          /* @__PURE__ */ a4("p", { children: words2 })
        ] })
      ] }, name)) }),
      /* @__PURE__ */ a4(HeadsTable, { split: split2.value, shown: viewNumber.value }),
      /* @__PURE__ */ a4("p", { class: "aside", children: [
        plural(run.clips, "clip"),
        ", ",
        plural(clusterCount.value, "cluster"),
        run.model?.clips !== void 0 && `; the model was trained on ${plural(run.model.clips, "clip")}`,
        "."
      ] })
    ] });
  }

  // src/views/sizes.tsx
  function SizesPage() {
    const all = summary.value;
    if (!all) return /* @__PURE__ */ a4(Loading, {});
    const sorted = [...all].sort((a5, b3) => b3.size - a5.size || a5.number - b3.number);
    const drawn = run.prescribed?.[String(view.value.head)];
    const prescribed = drawn?.length === sorted.length ? [...drawn].sort((a5, b3) => b3 - a5) : null;
    const clips = sorted.reduce((sum, one) => sum + one.size, 0);
    if (!clips) return /* @__PURE__ */ a4("p", { class: "nothing", children: "No clip is in a cluster: all were taken out." });
    const empty = sorted.filter((one) => !one.size).length;
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Sizes" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          plural(clusterCount.value, "cluster"),
          " from the largest, ",
          plural(sorted[0].size, "clip"),
          " (",
          percent(sorted[0].size / clips),
          "), to the smallest, ",
          plural(sorted.at(-1).size, "clip"),
          empty > 1 && `; ${empty} have none`,
          "."
        ] }),
        prescribed && /* @__PURE__ */ a4("p", { class: "lead", children: "In training, labels are given so that clusters have prescribed sizes; the dashes are these. The clusters shown are what the network says of each clip afterwards, which need not have these sizes." })
      ] }),
      /* @__PURE__ */ a4(Chart, { sorted, prescribed }),
      /* @__PURE__ */ a4("details", { class: "table", children: [
        /* @__PURE__ */ a4("summary", { children: "The same as a table" }),
        /* @__PURE__ */ a4(Table, { label: "Sizes", children: [
          /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
            /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Rank" }),
            /* @__PURE__ */ a4("th", { scope: "col", children: "Cluster" }),
            /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Clips" }),
            /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Share" }),
            prescribed && /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Prescribed for this rank" })
          ] }) }),
          /* @__PURE__ */ a4("tbody", { children: sorted.map((one, rank) => /* @__PURE__ */ a4("tr", { children: [
            /* @__PURE__ */ a4("td", { class: "number", children: rank + 1 }),
            /* @__PURE__ */ a4("th", { scope: "row", children: /* @__PURE__ */ a4("a", { href: addressOf("cluster", one.number), children: titleOf(one.number) }) }),
            /* @__PURE__ */ a4("td", { class: "number", children: count(one.size) }),
            /* @__PURE__ */ a4("td", { class: "number", children: percent(one.size / clips) }),
            prescribed && /* @__PURE__ */ a4("td", { class: "number", children: count(Math.round(prescribed[rank])) })
          ] }, one.number)) })
        ] })
      ] })
    ] });
  }
  function Chart({ sorted, prescribed }) {
    const last2 = sorted.length;
    const marks = ticks(Math.max(...sorted.map((one) => one.size), ...prescribed ?? []), true);
    const ranks = ticks(last2, true).filter((tick) => tick <= last2).map((tick) => tick || 1);
    return /* @__PURE__ */ a4("figure", { class: "chart", children: [
      /* @__PURE__ */ a4(
        Plot,
        {
          wide: true,
          label: `Sizes of ${last2} clusters, from ${count(sorted[0].size)} to ${count(sorted.at(-1).size)} clips; the same as a table below`,
          x: { name: "rank of the cluster, the largest first", ticks: [...new Set(ranks)], from: 0.5, to: last2 + 0.5 },
          y: { name: "clips", ticks: marks, to: marks.at(-1), format: count },
          children: (x3, y5) => /* @__PURE__ */ a4($, { children: [
            sorted.map((one, rank) => /* @__PURE__ */ a4(
              "rect",
              {
                class: "bar",
                x: x3(rank + 0.6),
                width: Math.max(0.5, x3(1.4) - x3(0.6)),
                y: y5(one.size),
                height: y5(0) - y5(one.size),
                onClick: () => go(addressOf("cluster", one.number)),
                children: /* @__PURE__ */ a4("title", { children: `${titleOf(one.number)}: ${plural(one.size, "clip")}` })
              },
              one.number
            )),
            prescribed?.map((size2, rank) => /* @__PURE__ */ a4("path", { class: "wanted", d: `M${x3(rank + 0.55)} ${y5(size2)}H${x3(rank + 1.45)}` }, rank))
          ] })
        }
      ),
      /* @__PURE__ */ a4("p", { class: "legend", children: [
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("span", { class: "key bar" }),
          "clips of a cluster; a click opens it"
        ] }),
        prescribed && /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("span", { class: "key wanted" }),
          "prescribed for this rank"
        ] })
      ] })
    ] });
  }

  // src/views/training.tsx
  var CURVES = [
    {
      name: "loss",
      title: "Loss",
      unit: "cross-entropy (nats)",
      format: (value) => value.toFixed(2),
      words: "How badly the network predicts the labels of the clips. It falls as labels settle; a fall alone does not mean better clusters."
    },
    {
      name: "labels_changed",
      title: "Labels that change at an update",
      unit: "share of the clips",
      format: percent,
      words: "Labels are recomputed at each update. Where few of them change, the clusters are stable; where many do to the end, train longer."
    },
    {
      name: "largest_cluster",
      title: "The largest cluster",
      unit: "share of the clips",
      format: percent,
      words: "If it grows to most of the clips, the training has collapsed."
    }
  ];
  var points = (name) => run.curves.epoch.flatMap((epoch, at) => {
    const value = run.curves[name]?.[at];
    return typeof value === "number" ? [[epoch, value]] : [];
  });
  function TrainingPage() {
    const shown3 = CURVES.filter(({ name }) => points(name).length > 0);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Training" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          count(run.curves.epoch.at(-1) ?? 0),
          " epochs, over all heads. None of this uses classes."
        ] })
      ] }),
      /* @__PURE__ */ a4("div", { class: "charts", children: shown3.map((one) => /* @__PURE__ */ a4(Course, { ...one }, one.name)) }),
      /* @__PURE__ */ a4("details", { class: "table", children: [
        /* @__PURE__ */ a4("summary", { children: "The same as a table" }),
        /* @__PURE__ */ a4(Table, { label: "Training by epoch", children: [
          /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
            /* @__PURE__ */ a4("th", { scope: "col", children: "Epoch" }),
            shown3.map(({ name, title }) => /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: title }, name))
          ] }) }),
          /* @__PURE__ */ a4("tbody", { children: run.curves.epoch.map((epoch, at) => /* @__PURE__ */ a4("tr", { children: [
            /* @__PURE__ */ a4("th", { scope: "row", children: epoch }),
            shown3.map(({ name, format: format2 }) => {
              const value = run.curves[name]?.[at];
              return /* @__PURE__ */ a4("td", { class: "number", children: typeof value === "number" ? format2(value) : "" }, name);
            })
          ] }, epoch)) })
        ] })
      ] })
    ] });
  }
  function Course({ name, title, unit, words: words2, format: format2 }) {
    const known = points(name);
    const last2 = run.curves.epoch.at(-1);
    const marks = ticks(Math.max(...known.map(([, value]) => value)));
    const [first, end] = [known[0][1], known.at(-1)[1]];
    return /* @__PURE__ */ a4("figure", { class: "chart", children: [
      /* @__PURE__ */ a4("figcaption", { children: title }),
      /* @__PURE__ */ a4(
        Plot,
        {
          label: `${title}: ${format2(first)} at first, ${format2(end)} after ${last2} epochs`,
          x: { name: "epoch", ticks: ticks(last2, true).filter((tick) => tick <= last2), from: 0, to: last2 },
          y: { name: unit, ticks: marks, to: marks.at(-1) },
          children: (x3, y5) => /* @__PURE__ */ a4("path", { class: "line", d: pathOf2(known.map(([at, value]) => [x3(at), y5(value)])) })
        }
      ),
      /* @__PURE__ */ a4("p", { class: "aside", children: [
        format2(first),
        " at first, ",
        format2(end),
        " at the end. ",
        words2
      ] })
    ] });
  }

  // src/views/tree.tsx
  var branches = O(() => {
    const all = levels.value.slice(1).map((fine, at) => divided(levels.value[at], fine));
    return all.some((one) => one === null) ? null : all;
  });
  function TreePage() {
    const known = branches.value;
    if (!known) return /* @__PURE__ */ a4(Loading, {});
    const top = run.views[levels.value[0]];
    const numbers2 = levels.value.map((place2) => run.views[place2].clusters);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("header", { class: "page-head", children: [
        /* @__PURE__ */ a4("h1", { children: "Tree of clusters" }),
        /* @__PURE__ */ a4("p", { class: "lead", children: [
          "This run has heads of ",
          numbers2.join(", "),
          " clusters. Each cluster stands below the one of the smaller number that has most of its clips; the share says how many of them."
        ] })
      ] }),
      run.levels && /* @__PURE__ */ a4(Curve, {}),
      /* @__PURE__ */ a4("ul", { class: "tree", children: Array.from({ length: top.clusters }, (_4, cluster) => /* @__PURE__ */ a4(Branch, { depth: 0, cluster }, cluster)) })
    ] });
  }
  var turned = y3(/* @__PURE__ */ new Set());
  function Branch({ depth: depth2, cluster, child }) {
    const place2 = levels.value[depth2];
    const below = branches.value[depth2]?.[cluster] ?? [];
    const face = faces(place2)?.[cluster];
    const words2 = /* @__PURE__ */ a4($, { children: [
      face && face.row >= 0 && /* @__PURE__ */ a4("img", { class: "face", src: `clips/${idOf(face.row)}.jpg`, alt: "", loading: "lazy", decoding: "async" }),
      /* @__PURE__ */ a4("a", { href: addressIn(place2, cluster), children: titleIn(place2, cluster) }),
      " ",
      /* @__PURE__ */ a4("span", { class: "facts", children: [
        face && face.kind >= 0 && /* @__PURE__ */ a4($, { children: [
          /* @__PURE__ */ a4("span", { class: "what", children: [
            "mostly ",
            className(face.kind)
          ] }),
          ", "
        ] }),
        "of ",
        run.views[place2].clusters,
        child && /* @__PURE__ */ a4($, { children: [
          ", ",
          plural(child.size, "clip"),
          ", ",
          percent(child.share),
          " of them here"
        ] }),
        below.length > 0 && /* @__PURE__ */ a4($, { children: [
          " · ",
          /* @__PURE__ */ a4("a", { href: addressOfParts(levels.value[depth2 + 1], place2, cluster), children: [
            "see ",
            plural(below.length, "part")
          ] })
        ] })
      ] })
    ] });
    const key2 = `${place2}/${cluster}`;
    const open2 = turned.value.has(key2) !== (depth2 === 0);
    const turn = () => {
      const next = new Set(turned.value);
      if (!next.delete(key2)) next.add(key2);
      turned.value = next;
    };
    if (!below.length) return /* @__PURE__ */ a4("li", { class: "leaf", children: words2 });
    return /* @__PURE__ */ a4("li", { children: [
      /* @__PURE__ */ a4("div", { class: "branch", children: [
        /* @__PURE__ */ a4("button", { type: "button", class: "quiet", "aria-expanded": open2, "aria-label": `Parts of ${titleIn(place2, cluster)}`, onClick: turn, children: /* @__PURE__ */ a4(Icon, { name: open2 ? "below" : "after" }) }),
        /* @__PURE__ */ a4("span", { children: words2 })
      ] }),
      open2 && /* @__PURE__ */ a4("ul", { children: below.map((one) => /* @__PURE__ */ a4(Branch, { depth: depth2 + 1, cluster: one.cluster, child: one }, one.cluster)) })
    ] });
  }
  function Curve() {
    const all = run.levels.filter((one) => one.agreement !== void 0);
    if (all.length < 2) return null;
    const scored = all.filter((one) => one.nmi !== void 0);
    const best = scored.length ? scored.reduce((a5, b3) => b3.nmi > a5.nmi ? b3 : a5) : null;
    const at = (one) => all.findIndex((other) => other.clusters === one.clusters);
    const selected2 = all.find((one) => one.selected);
    const words2 = [
      selected2 && `Selected without classes: ${selected2.clusters} clusters, on which the heads agree best.`,
      best && `Best by the classes (oracle): ${best.clusters}.`
    ].filter(Boolean).join(" ");
    return /* @__PURE__ */ a4("figure", { class: "chart", children: [
      /* @__PURE__ */ a4(
        Plot,
        {
          label: `Agreement of heads by number of clusters. ${words2}`,
          x: { name: "number of clusters", ticks: all.map((_4, place2) => place2), from: -0.5, to: all.length - 0.5, format: (place2) => String(all[place2].clusters) },
          y: { name: scored.length ? "AMI of heads, NMI with classes" : "agreement of heads (AMI)", ticks: ticks(1), to: 1 },
          children: (x3, y5) => /* @__PURE__ */ a4($, { children: [
            /* @__PURE__ */ a4("path", { class: "line", d: pathOf2(all.map((one, place2) => [x3(place2), y5(Math.max(0, one.agreement))])) }),
            scored.length > 0 && /* @__PURE__ */ a4("path", { class: "line second", d: pathOf2(scored.map((one) => [x3(at(one)), y5(one.nmi)])) }),
            all.map((one, place2) => /* @__PURE__ */ a4("circle", { class: one.selected ? "dot selected" : "dot", cx: x3(place2), cy: y5(Math.max(0, one.agreement)), r: one.selected ? 7 : 4 }, one.clusters)),
            best && /* @__PURE__ */ a4("circle", { class: "ring", cx: x3(at(best)), cy: y5(best.nmi), r: 10 })
          ] })
        }
      ),
      /* @__PURE__ */ a4("p", { class: "legend", children: [
        /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("span", { class: "key line" }),
          "agreement of heads, without classes; the large dot is selected"
        ] }),
        best && /* @__PURE__ */ a4("span", { children: [
          /* @__PURE__ */ a4("span", { class: "key line second" }),
          "NMI with the classes; the ring is the oracle"
        ] })
      ] }),
      /* @__PURE__ */ a4("p", { class: "aside", children: words2 }),
      /* @__PURE__ */ a4(Table, { label: "Numbers of clusters", children: [
        /* @__PURE__ */ a4("thead", { children: /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "col", children: "Clusters" }),
          /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "Agreement (AMI)" }),
          best && /* @__PURE__ */ a4("th", { scope: "col", class: "number", children: "NMI with the classes" })
        ] }) }),
        /* @__PURE__ */ a4("tbody", { children: all.map((one) => /* @__PURE__ */ a4("tr", { children: [
          /* @__PURE__ */ a4("th", { scope: "row", children: [
            one.clusters,
            one.selected && " (selected)"
          ] }),
          /* @__PURE__ */ a4("td", { class: "number", children: percent(one.agreement) }),
          best && /* @__PURE__ */ a4("td", { class: "number", children: one.nmi === void 0 ? "" : percent(one.nmi) })
        ] }, one.clusters)) })
      ] })
    ] });
  }

  // src/views/pages.ts
  var PAGES = [
    { name: "overview", word: "Clusters", available: () => true, view: Overview },
    { name: "cluster", word: "", available: () => true, view: ClusterPage },
    { name: "map", word: "Map", available: () => run.columns.includes("map"), view: MapPage },
    { name: "quality", word: "How good", available: () => true, view: QualityPage },
    { name: "confusion", word: "Classes", available: () => classed, view: ConfusionPage },
    { name: "tree", word: "Tree", available: () => severalLevels, view: TreePage },
    { name: "sizes", word: "Sizes", available: () => true, view: SizesPage },
    { name: "training", word: "Training", available: () => Boolean(run.curves), view: TrainingPage },
    { name: "corrections", word: "Corrections", available: () => true, view: CorrectionsPage },
    { name: "missing", word: "Not shown", available: () => run.missing.length > 0, view: MissingPage }
  ];

  // src/views/masthead.tsx
  function currentOf(name) {
    if (page.value === name) return { "aria-current": "page" };
    return page.value === "cluster" && name === "overview" ? { "aria-current": "true" } : {};
  }
  function Masthead() {
    const pages = T2(null);
    A2(() => {
      const [list, link] = [pages.current, pages.current.querySelector("[aria-current]")];
      if (link) list.scrollLeft = link.offsetLeft - list.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
    }, [page.value]);
    const heads = run.views.filter((one) => one.modality === view.value.modality);
    const made3 = new Date(run.made);
    return /* @__PURE__ */ a4("header", { class: "masthead", children: [
      /* @__PURE__ */ a4("div", { class: "title", children: [
        /* @__PURE__ */ a4("a", { class: "name", href: addressOf("overview"), title: run.title, children: run.title }),
        /* @__PURE__ */ a4("p", { class: "facts", children: [
          /* @__PURE__ */ a4("span", { children: plural(run.clips, "clip") }),
          /* @__PURE__ */ a4("span", { children: plural(view.value.clusters, "cluster") }),
          outside.value > 0 && /* @__PURE__ */ a4("span", { children: [
            plural(outside.value, "clip"),
            " in no cluster",
            corrected.value && isSelected.value ? "" : `: without ${view.value.modality}`
          ] }),
          run.classes.length > 0 && /* @__PURE__ */ a4("span", { title: "Classes were not used in training; they are shown for comparison.", children: plural(run.classes.length, "class", "es") }),
          run.splits.length > 0 && /* @__PURE__ */ a4("span", { children: [
            plural(run.splits.length, "split"),
            ": ",
            run.splits.join(", ")
          ] }),
          !Number.isNaN(made3.getTime()) && /* @__PURE__ */ a4("span", { children: [
            "selavi ",
            run.version,
            ", ",
            /* @__PURE__ */ a4("time", { dateTime: run.made, children: run.made.slice(0, 10) })
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a4("nav", { "aria-label": "Pages", children: /* @__PURE__ */ a4("ul", { ref: pages, children: PAGES.filter((one) => one.word && one.available()).map((one) => /* @__PURE__ */ a4("li", { children: /* @__PURE__ */ a4("a", { href: addressOf(one.name), ...currentOf(one.name), children: [
        one.word,
        one.name === "corrections" && edited.value && /* @__PURE__ */ a4("span", { class: "badge", children: "changed" })
      ] }) }, one.name)) }) }),
      /* @__PURE__ */ a4("div", { class: "which", role: "group", "aria-label": "Which clusters are shown", children: [
        modalities.length > 1 && /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "By" }),
          /* @__PURE__ */ a4("select", { id: "modality", value: view.value.modality, onChange: (event) => change({ modality: event.currentTarget.value === run.views[run.selected].modality ? null : event.currentTarget.value }), children: modalities.map((one) => /* @__PURE__ */ a4("option", { value: one, children: one.replace("+", " and ") }, one)) })
        ] }),
        /* @__PURE__ */ a4(LevelChoice, {}),
        heads.length > 1 && /* @__PURE__ */ a4("label", { class: "field", children: [
          /* @__PURE__ */ a4("span", { children: "Head" }),
          /* @__PURE__ */ a4(
            "select",
            {
              id: "head",
              value: String(view.value.head),
              onChange: (event) => change({ head: event.currentTarget.value === String(run.views[run.selected].head) ? null : event.currentTarget.value }),
              children: heads.map((one) => /* @__PURE__ */ a4("option", { value: String(one.head), children: [
                one.head,
                ", ",
                plural(one.clusters, "cluster"),
                one.head === run.views[run.selected].head ? " (selected)" : ""
              ] }, one.head))
            }
          )
        ] }),
        /* @__PURE__ */ a4("button", { type: "button", class: "quiet", "aria-keyshortcuts": "?", onClick: () => {
          helpOpen.value = true;
        }, children: [
          /* @__PURE__ */ a4(Icon, { name: "help" }),
          "Help"
        ] })
      ] })
    ] });
  }

  // src/main.tsx
  function App() {
    const shown3 = PAGES.find((one) => one.name === page.value && one.available()) ?? PAGES[0];
    const View = shown3.view;
    const place2 = `${shown3.name}/${route.value.id}`;
    const main = T2(null);
    const first = T2(true);
    A2(() => {
      stopPlaying();
      const restore = () => scrollTo(0, scrolledTo());
      if (first.current) once(() => summary.value !== null, () => requestAnimationFrame(() => setTimeout(restore)));
      else {
        restore();
        if (document.activeElement === document.body) main.current.focus({ preventScroll: true });
      }
      first.current = false;
    }, [place2]);
    const title = shown3.name === "cluster" ? titleOf(Number(route.value.id)) : shown3.word;
    A2(() => {
      document.title = `${title} · ${run.title}`;
    }, [title]);
    return /* @__PURE__ */ a4($, { children: [
      /* @__PURE__ */ a4("a", { class: "skip", href: "#main", onClick: (event) => {
        event.preventDefault();
        main.current?.focus();
      }, children: "Skip to the content" }),
      /* @__PURE__ */ a4(Masthead, {}),
      /* @__PURE__ */ a4("main", { id: "main", ref: main, tabIndex: -1, children: [
        trouble.value && /* @__PURE__ */ a4("p", { class: "trouble", role: "alert", children: trouble.value }),
        notice.value && /* @__PURE__ */ a4("p", { class: "trouble", role: "alert", children: [
          notice.value,
          " ",
          /* @__PURE__ */ a4("button", { type: "button", class: "quiet", onClick: () => {
            notice.value = "";
          }, children: [
            /* @__PURE__ */ a4(Icon, { name: "close" }),
            "Close"
          ] })
        ] }),
        /* @__PURE__ */ a4(NoSuchClip, {}),
        /* @__PURE__ */ a4(View, {}, place2),
        /* @__PURE__ */ a4(SelectionBar, {})
      ] }),
      /* @__PURE__ */ a4(ClipDialog, {}),
      /* @__PURE__ */ a4(Help, {})
    ] });
  }
  listen();
  followAddress();
  followKeys();
  followPointer();
  followEdits();
  var root = document.getElementById("app");
  root.replaceChildren();
  Q(/* @__PURE__ */ a4(App, {}), root);
  once(() => summary.value !== null, () => requestAnimationFrame(() => setTimeout(showLate)));
})();
