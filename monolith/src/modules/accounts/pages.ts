import { escapeHtml } from '../../helpers.ts';
import type { Registration } from './service.ts';

export function loginForm(csrf: string, next = '', email = '', error = ''): string {
  return `<h1>Log in</h1>
${error ? `<p class="error">${escapeHtml(error)}</p>\n` : ''}<form method="post" action="/login">
<input type="hidden" name="_csrf" value="${csrf}"><input type="hidden" name="next" value="${escapeHtml(next)}">
<label>E-mail <input type="email" name="email" value="${escapeHtml(email)}"></label>
<label>Password <input type="password" name="password"></label><button>Log in</button>
</form>
<p><a href="/register">Register</a></p>`;
}

export function registrationForm(
  csrf: string,
  input: Partial<Registration> = {},
  errors: string[] = [],
): string {
  const list = errors.map((error) => `<li>${escapeHtml(error)}</li>`).join('');
  return `<h1>Register</h1>
${list ? `<ul class="error">${list}</ul>\n` : ''}<form method="post" action="/register">
<input type="hidden" name="_csrf" value="${csrf}">
<label>First name <input name="firstName" value="${escapeHtml(input.firstName)}"></label>
<label>Last name <input name="lastName" value="${escapeHtml(input.lastName)}"></label>
<label>E-mail <input type="email" name="email" value="${escapeHtml(input.email)}"></label>
<label>Password <input type="password" name="password"></label><button>Register</button>
</form>`;
}
