using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>Reads query parameters in the way of the API server: wrong ones are a bad request.</summary>
internal static class StreamQuery
{
    extension(IQueryCollection self)
    {
        public string? Text(string name) => self.TryGetValue(name, out var values) && values.Count > 0 && values[0] is { Length: > 0 } text ? text : null;

        /// <summary>As Go's: present without a value, <c>true</c> and <c>1</c> are true; <c>false</c> and <c>0</c> are not.</summary>
        public bool Flag(string name) => self.TryGetValue(name, out var values) && values.Count > 0
            && !(values[0] is { } text && (text.Equals("false", StringComparison.OrdinalIgnoreCase) || text == "0"));

        public long? Number(string name, long least)
        {
            if (self.Text(name) is not { } text)
            {
                return null;
            }

            if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                throw new ApiException(400, "BadRequest", $"strconv.ParseInt: parsing \"{text}\": invalid syntax");
            }

            return number >= least
                ? number
                : throw new ApiException(422, "Invalid", $"PodLogOptions \"\" is invalid: {name}: Invalid value: {number}: must be greater than or equal to {least}");
        }
    }
}
